import type { RepositoryBackend } from '@nexus/core'
import { parsePath } from '@nexus/core'
import { differences, readTree } from '../model/compare.ts'
import { applyStep, type Step, type Tree } from '../model/tree.ts'
import { laneDirectory, type WriterReport } from './plan.ts'

const partBytes = 8 * 1024 * 1024

interface Lane {
  tree: Tree
  pending: Step | undefined
  readonly digests: Map<string, string>
}

/** What one writing process was promised, kept by the process that survives it. */
export class Account {
  readonly directory: string
  readonly #lanes = new Map<number, Lane>()
  acknowledged = 0
  /** Steps among them that brought a content of more than one part. */
  acknowledgedLarge = 0

  /** @param directory The writer's own directory. */
  constructor(directory: string) {
    this.directory = directory
  }

  /** Takes a report of the writer. */
  note(report: WriterReport): void {
    const lane = this.#lanes.get(report.lane) ?? { tree: new Map(), pending: undefined, digests: new Map<string, string>() }
    this.#lanes.set(report.lane, lane)
    if ('begin' in report) {
      lane.pending = report.begin
      return
    }
    if (lane.pending === undefined) throw new Error('The writer acknowledged a step that it had not begun.')
    lane.tree = applyStep(lane.tree, lane.pending)
    if ('chunk' in lane.pending && lane.pending.chunk.sizeBytes > partBytes) this.acknowledgedLarge++
    lane.pending = undefined
    this.acknowledged++
    for (const path of lane.digests.keys()) lane.digests.delete(path)
    if (report.path !== undefined && report.digest !== undefined) lane.digests.set(report.path, report.digest)
  }

  /** Whether a step was under way when the writer died, and it is not known yet what became of it. */
  get isPending(): boolean {
    return [...this.#lanes.values()].some(({ pending }) => pending !== undefined)
  }

  /**
   * Compares with what the repository holds: each lane as acknowledged, or with the one step that was under way.
   * @param options.settles From now on what is found is what must stay. Before the next commit a step may yet come: its record waits to be published.
   */
  async check(backend: RepositoryBackend, { settles }: { readonly settles: boolean }): Promise<string[]> {
    const problems: string[] = []
    for (const [number, lane] of this.#lanes) {
      const directory = laneDirectory(this.directory, number)
      problems.push(...(await checkLane(backend, { lane, directory, settles })).map((problem) => `${directory}: ${problem}`))
    }
    return problems
  }
}

async function checkLane(backend: RepositoryBackend, { lane, directory, settles }: { readonly lane: Lane; readonly directory: string; readonly settles: boolean }): Promise<string[]> {
  const found = await readTree(backend, directory)
  const { pending } = lane
  const without = differences(found, lane.tree)
  const later = pending === undefined ? undefined : applyStep(lane.tree, pending)
  const happened = without.length > 0 && later !== undefined && differences(found, later).length === 0
  if (settles) settle(lane, happened ? later : lane.tree)
  if (happened) return []
  if (without.length > 0) return [`${without.join(', ')} (under way: ${JSON.stringify(pending)})`]
  return checkDigests(backend, lane)
}

function settle(lane: Lane, tree: Tree): void {
  if (tree !== lane.tree) lane.digests.clear()
  lane.tree = tree
  lane.pending = undefined
}

async function checkDigests(backend: RepositoryBackend, { digests }: Lane): Promise<string[]> {
  const problems: string[] = []
  for (const [path, digest] of digests) {
    const stat = await backend.stat(parsePath(path))
    if (stat.digest !== digest) problems.push(`${path} has digest ${stat.digest}, acknowledged was ${digest}`)
  }
  return problems
}
