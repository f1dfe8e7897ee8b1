import type { StoredVersion } from './state.ts'

/** Objects by key. Their keys in order are kept from one page of a listing to the next: sorting them each time would cost more than all pages. */
export class ObjectMap extends Map<string, StoredVersion[]> {
  #sorted: readonly string[] | undefined

  override set(key: string, versions: StoredVersion[]): this {
    if (!this.has(key)) this.#sorted = undefined
    return super.set(key, versions)
  }

  override delete(key: string): boolean {
    this.#sorted = undefined
    return super.delete(key)
  }

  override clear(): void {
    this.#sorted = undefined
    super.clear()
  }

  /** Keys from `start` on, by their UTF-8 bytes. */
  *keysFrom(start: string): Generator<string> {
    this.#sorted ??= [...this.keys()].sort(compareKeys)
    let [low, high] = [0, this.#sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(this.#sorted[middle] ?? '', start) < 0) low = middle + 1
      else high = middle
    }
    for (let index = low; index < this.#sorted.length; index += 1) yield this.#sorted[index] ?? ''
  }
}

/** By UTF-8 bytes, as S3 orders. */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
