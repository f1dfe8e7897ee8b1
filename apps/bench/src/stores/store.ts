/** One file of a store, its name looked up before the clock runs. */
export interface BenchFile {
  readonly write: (bytes: Uint8Array) => Promise<unknown>
  readonly read: () => Promise<Uint8Array>
  readonly stat: () => Promise<unknown>
}

/** Something that keeps small files: ours, `node:fs`, a peer. Paths begin with `/`. */
export interface FileStore {
  readonly name: string
  readonly file: (path: string) => BenchFile
  /** Makes a directory where the store does not make parents by itself. */
  readonly prepare: (path: string) => Promise<void>
  /** Finishes what was left for later, so that it does not run on another contender's time. */
  readonly settle: () => Promise<void>
  readonly close: () => Promise<void>
}

/** What ours and `node:fs` can do beyond that. */
export interface TreeStore extends FileStore {
  readonly exists: (path: string) => Promise<boolean>
  /** Number of files and directories below a directory, each listed with its full stat. */
  readonly listTree: (path: string) => Promise<number>
  readonly copy: (from: string, to: string) => Promise<unknown>
  readonly copyTree: (from: string, to: string) => Promise<unknown>
  readonly rename: (from: string, to: string) => Promise<unknown>
  readonly writeStream: (path: string, chunks: AsyncIterable<Uint8Array>) => Promise<unknown>
  /** Number of bytes that came. */
  readonly readStream: (path: string) => Promise<number>
}
