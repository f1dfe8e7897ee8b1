import type { BuildCommand } from './cli.ts'

/** A command before its file is loaded. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly group: string
  readonly isHidden?: boolean | undefined
  /** Another name for it. */
  readonly alias?: string | undefined
  readonly load: () => Promise<BuildCommand>
}

const mounting = 'Mounts:'
const reading = 'Read:'
const writing = 'Write:'
const history = 'History:'
const care = 'Care of a repository:'
const other = 'Other:'

/** Every command, in the order of `--help`. */
export const commandTable: readonly CommandEntry[] = [
  { name: 'mount', group: mounting, summary: 'mount URIs and remember them', load: async () => (await import('./commands/mount.ts')).build },
  { name: 'unmount', group: mounting, summary: 'forget mounts; what they hold stays', load: async () => (await import('./commands/unmount.ts')).build },
  { name: 'mounts', group: mounting, summary: 'list, test or prune what is mounted', load: async () => (await import('./commands/mounts.ts')).build },
  { name: 'migrate', group: mounting, summary: 'move a mount to other storage while it is in use', load: async () => (await import('./commands/migrate.ts')).build },
  { name: 'add', group: mounting, summary: 'install the package of a backend', load: async () => (await import('./commands/add.ts')).build },
  { name: 'ls', group: reading, summary: 'list directories', load: async () => (await import('./commands/ls.ts')).build },
  { name: 'tree', group: reading, summary: 'show a directory as a tree', load: async () => (await import('./commands/tree.ts')).build },
  { name: 'cat', group: reading, summary: 'print files', load: async () => (await import('./commands/cat.ts')).build },
  { name: 'stat', group: reading, summary: 'show what is known of files and directories', load: async () => (await import('./commands/stat.ts')).build },
  { name: 'find', group: reading, summary: 'find files by name, kind, size and age', load: async () => (await import('./commands/find.ts')).build },
  { name: 'grep', group: reading, summary: 'find lines that match an expression', load: async () => (await import('./commands/grep.ts')).build },
  { name: 'du', group: reading, summary: 'show what trees hold and take', load: async () => (await import('./commands/du.ts')).build },
  { name: 'write', group: writing, summary: 'write a file from standard input or text', load: async () => (await import('./commands/write.ts')).build },
  { name: 'append', group: writing, summary: 'extend a file', load: async () => (await import('./commands/append.ts')).build },
  { name: 'edit', group: writing, summary: 'replace exact text in a file', load: async () => (await import('./commands/edit.ts')).build },
  { name: 'cp', group: writing, summary: 'copy, also from and to this machine', load: async () => (await import('./commands/cp.ts')).build },
  { name: 'sync', group: writing, summary: 'make a directory hold what another holds', load: async () => (await import('./commands/sync.ts')).build },
  { name: 'mv', group: writing, summary: 'move or rename', load: async () => (await import('./commands/mv.ts')).build },
  { name: 'tier', group: writing, summary: 'move files to other storage by age, use or size', load: async () => (await import('./commands/tier.ts')).build },
  { name: 'rm', group: writing, summary: 'delete', load: async () => (await import('./commands/rm.ts')).build },
  { name: 'mkdir', group: writing, summary: 'make directories', load: async () => (await import('./commands/mkdir.ts')).build },
  { name: 'versions', group: history, summary: 'list the kept versions of a file', load: async () => (await import('./commands/versions.ts')).build },
  { name: 'restore', group: history, summary: 'bring an earlier version back', load: async () => (await import('./commands/restore.ts')).build },
  { name: 'snapshot', group: history, summary: 'create, list or delete named states of a directory', load: async () => (await import('./commands/snapshot.ts')).build },
  { name: 'gc', group: care, summary: 'let old versions go and give their space back', load: async () => (await import('./commands/gc.ts')).build },
  { name: 'compact', group: care, summary: 'shorten the journal', load: async () => (await import('./commands/compact.ts')).build },
  { name: 'fsck', group: care, summary: 'check that a repository is whole', load: async () => (await import('./commands/fsck.ts')).build },
  { name: 'scrub', group: care, summary: 'read contents and compare them with their digests', load: async () => (await import('./commands/scrub.ts')).build },
  { name: 'backup', group: care, summary: 'copy a repository while it is in use, or bring a copy back', load: async () => (await import('./commands/backup.ts')).build },
  { name: 'cache', group: other, summary: 'show or forget what this machine remembers of storage', load: async () => (await import('./commands/cache.ts')).build },
  { name: 'doctor', group: other, summary: 'check this machine and every mount', load: async () => (await import('./commands/doctor.ts')).build },
  { name: 'completion', group: other, summary: 'print the completion script of a shell', load: async () => (await import('./commands/completion.ts')).build },
  { name: '__complete', group: other, isHidden: true, summary: 'complete a path', load: async () => (await import('./commands/complete.ts')).build },
]
