import type { SyncNexusFS } from './sync-nexus-fs.ts'

/** How a verb crosses between the threads. */
interface VerbShape {
  readonly gives: 'value' | 'url' | 'body' | 'text' | 'content' | 'pages'
  /** Place of the options among the real verb's arguments. */
  readonly optionsAt?: number
  /** Place of the body among them. */
  readonly bodyAt?: number
}

/** A verb that works without promises too. */
export type SyncVerb = Exclude<keyof SyncNexusFS, 'close' | typeof Symbol.dispose> | 'addMount' | 'removeMount'

/** Every verb of the sync facade; the compiler keeps the table complete. */
export const syncVerbs: Readonly<Record<SyncVerb, VerbShape>> = {
  read: { gives: 'body', optionsAt: 1 },
  readText: { gives: 'text', optionsAt: 1 },
  open: { gives: 'content', optionsAt: 1 },
  write: { gives: 'value', optionsAt: 2, bodyAt: 1 },
  append: { gives: 'value', optionsAt: 2, bodyAt: 1 },
  edit: { gives: 'value', optionsAt: 2 },
  stat: { gives: 'value', optionsAt: 1 },
  exists: { gives: 'value', optionsAt: 1 },
  list: { gives: 'pages', optionsAt: 1 },
  mkdir: { gives: 'value', optionsAt: 1 },
  delete: { gives: 'value', optionsAt: 1 },
  rename: { gives: 'value', optionsAt: 2 },
  copy: { gives: 'value', optionsAt: 2 },
  copyTree: { gives: 'value', optionsAt: 2 },
  syncTree: { gives: 'value', optionsAt: 2 },
  batch: { gives: 'value', optionsAt: 1 },
  versions: { gives: 'pages', optionsAt: 1 },
  restore: { gives: 'value', optionsAt: 2 },
  snapshot: { gives: 'value', optionsAt: 2 },
  snapshots: { gives: 'pages', optionsAt: 1 },
  deleteSnapshot: { gives: 'value', optionsAt: 2 },
  setMetadata: { gives: 'value', optionsAt: 2 },
  getMetadata: { gives: 'value', optionsAt: 1 },
  glob: { gives: 'pages', optionsAt: 1 },
  grep: { gives: 'pages', optionsAt: 1 },
  presign: { gives: 'url', optionsAt: 1 },
  usage: { gives: 'value', optionsAt: 1 },
  listMounts: { gives: 'value' },
  getMountInfo: { gives: 'value' },
  addMount: { gives: 'value', optionsAt: 1 },
  removeMount: { gives: 'value', optionsAt: 1 },
}
