import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-summary-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function summary(report: object | undefined): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const file = join(directory, 'report.json')
  writeFileSync(file, report === undefined ? '' : JSON.stringify(report))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/summary.mjs', file], { cwd: root, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const skips = (suite: string, count: number, reason?: string): object[] => Array.from({ length: count }, (_, index) => ({ suite, title: `case ${index + 1}`, name: `${suite} > case ${index + 1}`, reason }))

it('few skips are told one by one, many of one suite and reason in one line', () => {
  const skipped = [...skips('memory keeps the contract', 5, 'No versions.'), ...skips('memory keeps the contract', 1, 'No batches.'), ...skips('local keeps the contract', 4, 'No versions.')]
  expect(summary({ passed: 7, failed: 0, skipped })).toEqual({
    status: 0,
    stderr: '',
    stdout: [
      'skipped: memory keeps the contract, 5 tests: No versions.',
      'skipped: local keeps the contract, 4 tests: No versions.',
      'skipped: memory keeps the contract > case 1: No batches.',
      '7 passed, 0 failed, 10 skipped', '',
    ].join('\n'),
  })
})

it('one test that many suites skip is told in one line', () => {
  const skipped = ['a', 'b', 'c', 'd'].flatMap((suite) => skips(suite, 1, 'No disk.'))
  expect(summary({ passed: 1, failed: 0, skipped }).stdout).toBe('skipped: case 1, in 4 suites: No disk.\n1 passed, 0 failed, 4 skipped\n')
})

it('a skip without a reason fails the run', () => {
  const { status, stdout, stderr } = summary({ passed: 7, failed: 0, skipped: skips('silent', 1) })
  expect({ status, stdout, isNamed: stderr.includes('silent > case 1') }).toEqual({ status: 1, stdout: '7 passed, 1 failed, 0 skipped\n', isNamed: true })
})

it('failures, no tests at all and no report fail the run', () => {
  expect(summary({ passed: 1, failed: 2, skipped: [] })).toMatchObject({ status: 1, stdout: '1 passed, 2 failed, 0 skipped\n' })
  expect(summary({ passed: 0, failed: 0, skipped: [] }).status).toBe(1)
  expect(summary(undefined)).toMatchObject({ status: 1, stdout: '0 passed, 1 failed, 0 skipped\n' })
})

it('the report tells the reason that a test gives, and what a title says that it needs; a file that does not load has failed', () => {
  const [tests, broken, report] = [join(directory, 'some.test.mjs'), join(directory, 'broken.test.mjs'), join(directory, 'report.json')]
  writeFileSync(tests, `
    describe('memory', () => it('keeps versions', ({ skip }) => skip('It keeps none.')))
    describe.skipIf(true)('a full disk (needs root)', () => it('is told', () => undefined))
    it.skip('silently', () => undefined)
    it('works', () => undefined)`)
  writeFileSync(broken, 'throw new Error("broken")')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const reporter = `--reporter=${join(root, 'scripts/test-report.mjs')}`
  spawnSync(process.execPath, [vitest, 'run', '--globals', `--dir=${directory}`, `--root=${directory}`, reporter], { cwd: directory, env: { ...process.env, NEXUS_TEST_REPORT: report } })
  const ran = spawnSync(process.execPath, ['scripts/summary.mjs', report], { cwd: root, encoding: 'utf8' })
  expect(ran.stdout).toBe('skipped: memory > keeps versions: It keeps none.\nskipped: a full disk (needs root) > is told: needs root\n1 passed, 2 failed, 2 skipped\n')
  expect(ran.stderr).toContain('skipped: silently: no reason is given')
})
