import { writeSync } from 'node:fs'
import type { RepositoryBackend } from '@nexus/core'
import { openBucketRepository } from '../buckets/open-bucket-repository.ts'
import { chooseStep, upkeep } from '../model/choose-step.ts'
import { type CommitStep, openTestRepository } from '../model/open-test-repository.ts'
import { createRandom } from '../model/random.ts'
import { runStep } from '../model/run-step.ts'
import { applyStep, type Step, type Tree } from '../model/tree.ts'
import { laneDirectory, type WriterPlan, type WriterReport } from './plan.ts'

// A process that writes until it is killed: `writer.ts PLAN`, with the plan as JSON (plan.ts). Reports go to standard output, before and after each step.
const plan = JSON.parse(process.argv[2] ?? '{}') as WriterPlan
const running = new Set<Step['op']>()
let seen = 0

function report(line: WriterReport): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  for (let done = 0; done < bytes.length; ) done += writeSome(bytes.subarray(done))
}

/** The pipe does not block: where it is full, the parent is given a moment to read. */
function writeSome(bytes: Uint8Array): number {
  try {
    return writeSync(1, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    return 0
  }
}

function onStep(step: CommitStep): void {
  const { killAt } = plan
  if (killAt === undefined || step !== killAt.step || !running.has(killAt.during) || ++seen !== killAt.nth) return
  process.kill(process.pid, 'SIGKILL')
}

async function doStep(backend: RepositoryBackend, lane: number, step: Step): Promise<void> {
  report({ lane, begin: step })
  running.add(step.op)
  if (plan.acknowledgesEarly === true) report({ lane, ack: true })
  const stat = await runStep(backend, laneDirectory(plan.directory, lane), step)
  running.delete(step.op)
  if (plan.acknowledgesEarly !== true) report({ lane, ack: true, path: stat?.path, digest: stat?.digest })
}

async function runLane(backend: RepositoryBackend, lane: number): Promise<void> {
  const random = createRandom(plan.seed + lane)
  let tree: Tree = new Map()
  for (;;) {
    const maintenance = plan.maintains && lane === 0
    const during = plan.killAt?.during ?? plan.only
    const isOurs = during !== undefined && (maintenance || !upkeep.some((op) => op === during))
    const only = isOurs && random.chance(0.6) ? during : undefined
    const step = chooseStep(random, tree, { only, maintenance, largestBytes: plan.largestBytes })
    await doStep(backend, lane, step)
    tree = applyStep(tree, step)
  }
}

const backend = plan.uri === undefined
  ? (await openTestRepository(plan.root, { durability: plan.durability, environment: { onStep } })).backend
  : await openBucketRepository(plan.uri)
await Promise.all(Array.from({ length: plan.lanes }, (_, lane) => runLane(backend, lane)))
