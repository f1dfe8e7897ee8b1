/** Something that is not as it should be, in a person's terms. */
export interface RepositoryProblem {
  /** What is damaged. `recovered`: nothing is, but a power cut took the newest content of a file, which shows an older one. */
  readonly kind: 'descriptor' | 'journal' | 'index' | 'content' | 'checkpoint' | 'pack' | 'snapshot' | 'recovered'
  readonly path?: string
  /** Which version of the file, as `versions()` names it. */
  readonly version?: string
  /** Digest of the content, with its algorithm. */
  readonly digest?: string
  /** Object in the storage. */
  readonly key?: string
  readonly message: string
}
