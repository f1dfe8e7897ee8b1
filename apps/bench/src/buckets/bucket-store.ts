import type { FileStore, TreeStore } from '../stores/store.ts'

/** A bucket, by ours or by hand. A listing counts files alone. */
export interface BucketStore extends FileStore, Pick<TreeStore, 'listTree' | 'writeStream' | 'readStream'> {}

/** What a bucket needs neither before nor after. */
export const nothingBeside: Pick<FileStore, 'prepare' | 'settle'> = { prepare: () => Promise.resolve(), settle: () => Promise.resolve() }
