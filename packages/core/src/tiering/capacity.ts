import type { Backend, CallOptions } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'

/** How full a directory is, asked seldom and counted in between. */
export interface Capacity {
  readonly capacityBytes: number
  /** Whether new files belong elsewhere. */
  isFull(options: CallOptions | undefined): Promise<boolean>
  /** What was written here, in bytes; negative for what went. */
  add(bytes: number): void
  /** The storage itself said that it takes no more: it counts as full until it is asked again. */
  tellFull(): void
}

/** Others write here too: after so long what was counted is asked anew. */
const trustedForMs = 60_000
/** So often a full directory is asked whether it still is. */
const fullForMs = 1000

/** What {@link createCapacity} needs. */
export interface CapacityOptions {
  readonly hot: Backend
  readonly within: Path
  readonly capacityBytes: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Counts what `within` holds. */
export function createCapacity({ hot, within, capacityBytes, now }: CapacityOptions): Capacity {
  let [usedBytes, askedAt] = [0, -Infinity]
  return {
    capacityBytes,
    isFull: async (options) => {
      const ageMs = now() - askedAt
      if (ageMs > trustedForMs || (usedBytes >= capacityBytes && ageMs > fullForMs)) {
        askedAt = now()
        usedBytes = await usedIn({ hot, within }, options)
      }
      return usedBytes >= capacityBytes
    },
    add: (bytes) => {
      usedBytes += bytes
    },
    tellFull: () => {
      usedBytes = Math.max(usedBytes, capacityBytes)
      // Long enough for the caller to give its body again.
      askedAt = now() + trustedForMs
    },
  }
}

/** Bytes of the files below a directory; 0 where it is absent. */
export async function usedIn({ hot, within }: Pick<CapacityOptions, 'hot' | 'within'>, options: CallOptions | undefined): Promise<number> {
  const given = { signal: options?.signal }
  try {
    if (hot.usage !== undefined) return (await hot.usage(within, given)).logicalBytes
    let bytes = 0
    for await (const entry of hot.list(within, { ...given, recursive: true })) {
      if (entry.kind === 'file') bytes += entry.sizeBytes ?? (await hot.stat(entry.path, given)).sizeBytes ?? 0
    }
    return bytes
  } catch (error) {
    if (isNexusError(error, 'not_found')) return 0
    throw error
  }
}
