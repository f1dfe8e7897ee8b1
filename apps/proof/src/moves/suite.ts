import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import localBackend from '@nexus/backend-local'
import { type MountedNexusFS, mount } from '@nexus/core'
import { startChild } from '../crash/child.ts'
import { createRandom, type Random } from '../model/random.ts'
import type { MovePlan, MoverReport } from './plan.ts'

/** What is asked of the suite. */
export interface MoveSuiteOptions {
  /** Number of processes to kill. */
  readonly kills: number
  readonly seed: number
  /** Broken on purpose: nothing of a move is remembered. The negative control of the journal. */
  readonly forgets?: boolean | undefined
}

/** What happened. */
export interface MoveSuiteReport {
  readonly kills: number
  /** Trees that arrived. */
  readonly trees: number
  /** Files of those trees. */
  readonly files: number
  /** Files that were written at the target, each time. */
  readonly copies: number
  readonly problems: readonly string[]
}

const filesInTree = 40
const script = fileURLToPath(new URL('mover.ts', import.meta.url))

/** Kills processes that move trees between a directory and a repository, has others go on, and looks after each at every file. */
export async function runMoveSuite({ kills, seed, forgets = false }: MoveSuiteOptions): Promise<MoveSuiteReport> {
  const random = createRandom(seed)
  let report: MoveSuiteReport = { kills: 0, trees: 0, files: 0, copies: 0, problems: [] }
  for (let tree = 0; report.kills < kills && report.problems.length === 0; tree++) {
    const root = await mkdtemp(join(tmpdir(), 'nexus-moves-'))
    try {
      const moved = await moveTree({ root, random, intoRepository: tree % 2 === 1, killsLeft: kills - report.kills, forgets })
      report = {
        kills: report.kills + moved.kills,
        trees: tree + 1,
        files: report.files + filesInTree,
        copies: report.copies + moved.copies,
        problems: moved.problems.map((problem) => `tree ${tree}, after kill ${report.kills + moved.kills}: ${problem}`),
      }
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  }
  return report
}

interface TreeRun {
  readonly root: string
  readonly random: Random
  readonly intoRepository: boolean
  readonly killsLeft: number
  readonly forgets: boolean
}

async function moveTree({ root, random, intoRepository, killsLeft, forgets }: TreeRun): Promise<Pick<MoveSuiteReport, 'kills' | 'copies' | 'problems'>> {
  const [plain, repository] = [`local://${join(root, 'plain')}?layout=path&durability=os`, `local://${join(root, 'repository')}?layout=cas&durability=os`]
  const plan: MovePlan = { from: intoRepository ? plain : repository, to: intoRepository ? repository : plain, state: join(root, 'state') }
  const contents = await fill(plan)
  let [kills, copies] = [0, 0]
  for (let isDone = false; !isDone; ) {
    const outcome = await attempt(plan, { random, isToDie: kills < killsLeft })
    copies += outcome.written
    isDone = !outcome.isKilled || (await hasEnded(plan))
    if (outcome.isKilled) kills++
    const problems = outcome.failure === undefined ? await inspect(plan, contents, { isDone }) : [outcome.failure]
    if (problems.length > 0) return { kills, copies, problems }
    if (forgets) await rm(plan.state, { recursive: true, force: true })
  }
  return { kills, copies: intoRepository ? await countVersions(plan, contents) : copies, problems: [] }
}

/** The tree that is to be moved, by path below it. */
async function fill(plan: MovePlan): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>()
  await using fs = await open(plan)
  await fs.mkdir('/from/tree/empty', { recursive: true })
  for (let number = 0; number < filesInTree; number++) {
    const path = `${['', 'a/', 'a/deep/', 'b/'][number % 4]}file-${number}`
    // Some pass in memory, some as streams; all are larger than what a repository keeps in its journal or smaller.
    contents.set(path, `${number} `.repeat(number % 10 === 9 ? 120_000 : 1 + number * 40))
    await fs.write(`/from/tree/${path}`, contents.get(path) ?? '')
  }
  return contents
}

function open({ from, to }: MovePlan): Promise<MountedNexusFS> {
  return mount({ uri: from, at: '/from' }, { uri: to, at: '/to' }, { ephemeral: true, backends: { local: localBackend }, resolveFrom: import.meta.url })
}

interface Outcome {
  readonly isKilled: boolean
  readonly written: number
  /** Why it ended by itself before the move did. */
  readonly failure?: string | undefined
}

async function attempt(plan: MovePlan, { random, isToDie }: { readonly random: Random; readonly isToDie: boolean }): Promise<Outcome> {
  let reportsLeft = isToDie ? 1 + random.int(random.pick([10, 40, 110])) : Infinity
  const delayMs = random.int(4)
  let written = 0
  const child = startChild(script, {
    args: [JSON.stringify(plan)],
    onLine: (line) => {
      const report = JSON.parse(line) as MoverReport
      if ('written' in report) written++
      if (--reportsLeft === 0) setTimeout(() => child.process.kill('SIGKILL'), delayMs)
    },
  })
  const { signal, status, errors } = await child.ended
  const isKilled = signal === 'SIGKILL'
  return { isKilled, written, failure: isKilled || status === 0 ? undefined : errors }
}

/** Every file is there once, or twice with the same bytes; at the end only at the target, with nothing else left. */
async function inspect(plan: MovePlan, contents: ReadonlyMap<string, string>, { isDone }: { readonly isDone: boolean }): Promise<string[]> {
  await using fs = await open(plan)
  const problems: string[] = []
  for (const [path, content] of contents) {
    const found = await Promise.all(['/from', '/to'].map(async (end) => ((await fs.exists(`${end}/tree/${path}`)) ? fs.readText(`${end}/tree/${path}`) : undefined)))
    const isRight = found.some((text) => text === content) && found.every((text) => text === undefined || text === content)
    if (!isRight || (isDone && found[1] === undefined)) problems.push(`${path} stands ${found.map((text, end) => `${['at the source', 'at the target'][end]} ${text === undefined ? 'not' : text === content ? 'whole' : 'torn'}`).join(' and ')}`)
  }
  if (!isDone) return problems
  if (await fs.exists('/from/tree')) problems.push('the source is still there')
  if (!(await fs.exists('/to/tree/empty'))) problems.push('the empty directory did not arrive')
  return [...problems, ...(await journalsOf(plan)).map((name) => `${name} was left`)]
}

/** Whether the process was killed behind the move's end: nothing of it is left to go on with, and the source is gone. */
async function hasEnded(plan: MovePlan): Promise<boolean> {
  if ((await journalsOf(plan)).length > 0) return false
  await using fs = await open(plan)
  return !(await fs.exists('/from/tree'))
}

async function journalsOf({ state }: MovePlan): Promise<string[]> {
  const directory = join(state, 'moves')
  // Made by the first move that has a journal.
  const names = existsSync(directory) ? await readdir(directory) : []
  return names.filter((name) => name.endsWith('.jsonl'))
}

/** A repository keeps each state that was written. */
async function countVersions(plan: MovePlan, contents: ReadonlyMap<string, string>): Promise<number> {
  await using fs = await open(plan)
  let count = 0
  for (const path of contents.keys()) for await (const _ of fs.versions(`/to/tree/${path}`)) count++
  return count
}
