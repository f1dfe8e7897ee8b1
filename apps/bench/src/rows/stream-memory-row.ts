import type { Lab } from '../lab.ts'
import { runNode } from '../child.ts'
import { nodeArguments } from '../workspace.ts'
import type { Fact, FactRow } from './row.ts'

const limitMb = 64

async function riseOf(lab: Lab, contender: string): Promise<Fact> {
  const chunks = lab.pick({ full: 256, quick: 256, tiny: 3 })
  const said: unknown = JSON.parse(await runNode(nodeArguments('stream-memory', [contender, lab.directory('memory'), String(chunks)])))
  const { idleBytes, inBytes, outBytes } = parseSizes(said)
  const megabytes = (bytes: number): number => Math.round((bytes - idleBytes) / 1e6)
  const value = `+${megabytes(inBytes)} MB in, +${megabytes(outBytes)} MB in and out, above ${Math.round(idleBytes / 1e6)} MB`
  const title = `peak memory while streaming ${chunks} MB, ${contender}`
  return contender === 'nexus' ? { title, value, goal: `at most ${limitMb} MB above idle`, isReached: megabytes(outBytes) <= limitMb } : { title, value }
}

function parseSizes(value: unknown): { readonly idleBytes: number; readonly inBytes: number; readonly outBytes: number } {
  if (typeof value === 'object' && value !== null && 'idleBytes' in value && 'inBytes' in value && 'outBytes' in value) {
    const { idleBytes, inBytes, outBytes } = value
    if (typeof idleBytes === 'number' && typeof inBytes === 'number' && typeof outBytes === 'number') return { idleBytes, inBytes, outBytes }
  }
  throw new Error('The process that measures memory said something else.')
}

/** How flat memory stays. */
export const streamMemoryRow: FactRow = { kind: 'facts', title: 'peak memory while streaming 256 MB', measure: async (lab) => [await riseOf(lab, 'nexus'), await riseOf(lab, 'node:fs')] }
