/** A block of one state of a file. */
interface KeptBlock {
  readonly state: string
  readonly bytes: Uint8Array
}

/** Blocks in memory, of bounded size together; who was not used for longest goes first. */
interface BlockMemory {
  has(name: string): boolean
  find(name: string): KeptBlock | undefined
  keep(name: string, block: KeptBlock): void
}

/** @param maxBytes Of all blocks together */
export function createBlockMemory(maxBytes: () => number): BlockMemory {
  // A Map tells its keys in the order in which they were put.
  const blocks = new Map<string, KeptBlock>()
  let usedBytes = 0
  const drop = (name: string): void => {
    usedBytes -= blocks.get(name)?.bytes.length ?? 0
    blocks.delete(name)
  }
  return {
    has: (name) => blocks.has(name),
    find: (name) => {
      const found = blocks.get(name)
      if (found === undefined) return undefined
      blocks.delete(name)
      blocks.set(name, found)
      return found
    },
    keep: (name, block) => {
      drop(name)
      blocks.set(name, block)
      usedBytes += block.bytes.length
      for (const oldest of blocks.keys()) {
        if (usedBytes <= maxBytes()) return
        drop(oldest)
      }
    },
  }
}
