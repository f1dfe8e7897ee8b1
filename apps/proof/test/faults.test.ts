import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isNexusError, parsePath } from '@nexus/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type CallName, createFaultyFiles, type FaultyFiles } from '../src/faulty-files.ts'
import type { FileModel } from '../src/model/body.ts'
import { checkRepository } from '../src/model/check-repository.ts'
import { differences, readTree } from '../src/model/compare.ts'
import { openTestRepository } from '../src/model/open-test-repository.ts'
import { runStep } from '../src/model/run-step.ts'
import { applyStep, type Step, type Tree } from '../src/model/tree.ts'

const file = (sizeBytes: number): FileModel[number] => ({ seed: 900, sizeBytes })
const scenarios: Readonly<Record<string, Step>> = {
  'writing 1 KB': { op: 'write', path: 'new', chunk: file(1000) },
  'writing 300 KB': { op: 'write', path: 'new', chunk: file(300_000) },
  'writing 20 MB': { op: 'write', path: 'new', chunk: file(20_000_000) },
  'renaming a file': { op: 'rename', from: 'tree/a', to: 'moved' },
  'copying a tree': { op: 'copy', from: 'tree', to: 'copied' },
  'collecting garbage': { op: 'gc' },
}
const faults: readonly [CallName, string, readonly string[]][] = [
  ['write', 'EIO', ['unavailable', 'outcome_unknown']],
  ['writeAway', 'ENOSPC', ['no_space']],
  ['fsync', 'EIO', ['unavailable']],
  ['fdatasync', 'EIO', ['unavailable']],
  ['rename', 'EIO', ['unavailable']],
  ['open', 'EMFILE', ['unavailable', 'outcome_unknown']],
]
const directory = '/work'
const before: readonly Step[] = [
  { op: 'write', path: 'tree/a', chunk: { seed: 1, sizeBytes: 100 } },
  { op: 'write', path: 'tree/b', chunk: { seed: 2, sizeBytes: 100_000 } },
  { op: 'write', path: 'gone', chunk: { seed: 3, sizeBytes: 100_000 } },
  { op: 'delete', path: 'gone' },
]

function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'nexus-faults-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** Does a step while one call fails; then it has happened or failed with an expected code, and everything goes on. @returns Whether the fault struck */
async function strike(step: Step, { name, nth, code, expected }: { name: CallName; nth: number; code: string; expected: readonly string[] }): Promise<boolean> {
  const faulty = createFaultyFiles()
  const root = temporaryRoot()
  const { backend } = await openTestRepository(root, { durability: 'fsync', environment: { files: faulty.files } })
  let tree: Tree = new Map()
  for (const earlier of before) {
    await runStep(backend, directory, earlier)
    tree = applyStep(tree, earlier)
  }
  faulty.fail(name, { nth, code })
  const failure = await runStep(backend, directory, step).then(() => undefined, (error: unknown) => error)
  const struck = faulty.struck()
  faulty.heal()
  await expectState({ faulty, root, step, tree, failure, expected })
  // Every commit after the fault is as good as before it, and a fresh look finds the same.
  expect(await checkRepository(backend)).toEqual([])
  await backend.close()
  rmSync(root, { recursive: true })
  return struck
}

interface Outcome {
  readonly faulty: FaultyFiles
  readonly root: string
  readonly step: Step
  readonly tree: Tree
  readonly failure: unknown
  readonly expected: readonly string[]
}

async function expectState({ faulty, root, step, tree, failure, expected }: Outcome): Promise<void> {
  if (failure !== undefined) {
    expect(faulty.struck()).toBe(true)
    expect(expected).toContain(isNexusError(failure) ? failure.code : failure)
  }
  const { backend } = await openTestRepository(root, { durability: 'fsync' })
  try {
    await backend.write(parsePath('/after'), new Uint8Array(10))
    const found = await readTree(backend, directory)
    const happened = differences(found, applyStep(tree, step))
    if (failure === undefined || (isNexusError(failure, 'outcome_unknown') && happened.length === 0)) expect(happened).toEqual([])
    else expect(differences(found, tree)).toEqual([])
  } finally {
    await backend.close()
  }
}

describe('a disk that refuses one call', () => {
  const cases = Object.keys(scenarios).flatMap((scenario) => faults.map(([name, code, expected]) => ({ scenario, name, code, expected })))
  const strikes = new Map<string, number>()
  it.each(cases)('$name with $code while $scenario: done, or failed without a trace', { timeout: 120_000 }, async ({ scenario, name, code, expected }) => {
    const step = scenarios[scenario]!
    for (let nth = 1; nth <= 6; nth++) {
      if (!(await strike(step, { name, nth, code, expected }))) break
      strikes.set(name, (strikes.get(name) ?? 0) + 1)
    }
  })

  it('was really met, each kind of fault at least once', () => {
    for (const [name] of faults) expect(strikes.get(name) ?? 0, name).toBeGreaterThan(0)
  })
})

/** A file system of 4 MB of its own; `undefined` where this process may not mount one. */
function smallDisk(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'nexus-full-'))
  if (process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place]).status === 0) return place
  rmSync(place, { recursive: true })
  return undefined
}

const disk = smallDisk()

describe.skipIf(disk === undefined)('a full disk (needs root for a tmpfs of 4 MB)', () => {
  it('refuses with no_space, keeps what was acknowledged, and takes writes again when it is freed', async () => {
    const place = disk!
    onTestFinished(() => {
      execFileSync('umount', ['-l', place])
      rmSync(place, { recursive: true })
    })
    const root = join(place, 'repository')
    mkdirSync(root)
    const { backend } = await openTestRepository(root, { durability: 'fsync' })
    onTestFinished(() => backend.close())
    let tree: Tree = new Map()
    let failure: unknown
    for (let count = 0; count < 100 && failure === undefined; count++) {
      const step: Step = { op: 'write', path: `f${count}`, chunk: { seed: count, sizeBytes: 100_000 } }
      failure = await runStep(backend, directory, step).then(() => undefined, (error: unknown) => error)
      if (failure === undefined) tree = applyStep(tree, step)
    }
    expect(isNexusError(failure) ? failure.code : failure).toBe('no_space')
    expect(() => writeFileSync(join(place, 'ballast'), new Uint8Array(200_000))).toThrow(/ENOSPC/)
    expect(differences(await readTree(backend, directory), tree)).toEqual([])
    if (existsSync(join(place, 'ballast'))) rmSync(join(place, 'ballast'))
    execFileSync('mount', ['-o', 'remount,size=32m', place])
    expect(await checkRepository(backend)).toEqual([])
    expect(differences(await readTree(backend, directory), tree)).toEqual([])
  })
})
