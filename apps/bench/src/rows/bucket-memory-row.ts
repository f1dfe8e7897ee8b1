import { type BucketService, openService } from '../buckets/open-service.ts'
import { runNode } from '../child.ts'
import type { Lab } from '../lab.ts'
import { nodeArguments } from '../workspace.ts'
import type { Fact, FactRow } from './row.ts'

const limitMb = 96
/** For comparison. */
const aloneOut = 'out, by node:http alone'

async function riseOf(lab: Lab, scheme: BucketService['scheme']): Promise<Fact[]> {
  const chunks = lab.pick({ full: 2048, quick: 2048, tiny: 17 })
  const service = await openService(scheme)
  try {
    const facts: Fact[] = []
    for (const direction of scheme === 's3' ? ['in', 'out', aloneOut] : ['in', 'out']) {
      const { idleBytes, peakBytes } = parseSizes(JSON.parse(await runNode(nodeArguments('bucket-memory', [scheme, service.url, lab.directory('cache'), direction, String(chunks)]))))
      const riseMb = Math.round((peakBytes - idleBytes) / 1e6)
      const title = `${scheme.toUpperCase()}: peak memory while streaming ${chunks} MB ${direction}`
      const goal = direction === aloneOut ? {} : { goal: `at most ${limitMb} MB above idle`, isReached: riseMb <= limitMb }
      facts.push({ title, value: `+${riseMb} MB above ${Math.round(idleBytes / 1e6)} MB`, ...goal })
    }
    return facts
  } finally {
    await service.close()
  }
}

function parseSizes(value: unknown): { readonly idleBytes: number; readonly peakBytes: number } {
  if (typeof value === 'object' && value !== null && 'idleBytes' in value && 'peakBytes' in value) {
    const { idleBytes, peakBytes } = value
    if (typeof idleBytes === 'number' && typeof peakBytes === 'number') return { idleBytes, peakBytes }
  }
  throw new Error('The process that measures memory said something else.')
}

/** How flat memory stays with an object larger than it. */
export const bucketMemoryRow: FactRow = { kind: 'facts', title: 'S3 and GCS: peak memory', measure: async (lab) => [...(await riseOf(lab, 's3')), ...(await riseOf(lab, 'gcs'))] }
