import type { IndexFile } from './index-file.ts'
import type { Present } from './present.ts'

/** So many commits wait in memory before the index takes them. */
const commitsPerApply = 256

/** Moves commits from memory into the index, behind the journal and behind whoever waits. */
export class IndexKeeper {
  readonly #index: IndexFile
  readonly #present: Present
  #running: Promise<void> | undefined
  #isClosed = false

  constructor({ index, present }: { readonly index: IndexFile; readonly present: Present }) {
    this.#index = index
    this.#present = present
  }

  /** Applies what waits when it is worth a transaction. */
  offer(): void {
    if (this.#isClosed || this.#running !== undefined || this.#present.pending.length < commitsPerApply) return
    this.#running = this.#apply().finally(() => (this.#running = undefined))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #apply(): Promise<void> {
    await this.#index.apply(this.#present.pending.slice())
    this.#present.advance()
  }
}
