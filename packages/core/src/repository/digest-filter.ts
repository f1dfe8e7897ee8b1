/** 1 MiB of bits: of a million digests that are not there, 98 in 100 are told apart. */
const words = 2 ** 18
const bitMask = words * 32 - 1
/** Hex digits that name one bit. */
const digitsPerProbe = 6

/**
 * Which digests there may be: "no" is certain, "yes" is not (Bloom, Communications of the ACM 13, 1970, p. 422). A new content is so told from a
 * known one without asking the index. Digests are evenly spread by themselves, so that their own digits serve as hashes.
 */
export class DigestFilter {
  readonly #bits = new Uint32Array(words)

  add(digest: string): void {
    for (let probe = 0; probe < 4; probe++) {
      const bit = bitOf(digest, probe)
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }

  mayHave(digest: string): boolean {
    for (let probe = 0; probe < 4; probe++) {
      const bit = bitOf(digest, probe)
      if (((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false
    }
    return true
  }
}

function bitOf(digest: string, probe: number): number {
  return Number.parseInt(digest.slice(probe * digitsPerProbe, (probe + 1) * digitsPerProbe), 16) & bitMask
}
