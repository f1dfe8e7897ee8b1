import { execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { finished, type Ran } from './cli-harness.ts'

const main = fileURLToPath(new URL('../src/tour/main.ts', import.meta.url))
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-tour-'))
  await mkdir(join(directory, 'tree/sub'), { recursive: true })
  for (let index = 0; index < 40; index++) await writeFile(join(directory, `tree/sub/${index}.md`), `Copyright ${index % 10}\n`)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function tour(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, ['--conditions=nexus-source', main, ...args], { cwd: directory, env: { PATH: process.env['PATH'] ?? '', HOME: directory } })
  return await finished(child)
}

describe('the tour', () => {
  it('does what it says, and its commands work when they are pasted', async () => {
    const ran = await tour('tree')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).not.toMatch(/[\r\u001b]/)
    expect(ran.stdout).toContain('75% was there already')
    expect(ran.stdout).toMatch(/all [\d,]+ acknowledged writes read back, none lost, nothing torn/)
    const commands = [...ran.stdout.matchAll(/^ {3}\$ (.+)$/gm)].map(([, command = '']) => command)
    expect(commands.length).toBeGreaterThan(12)
    // The tour left everything in place: what makes a copy would find one, and everything else runs again as it stands.
    const again = commands.filter((command) => !command.includes('kill -9') && !/^nexus-fs cp -r \/tour\/tree/.test(command))
    execFileSync('bash', ['-e'], { cwd: directory, input: again.join('\n'), stdio: ['pipe', 'ignore', 'pipe'] })
    expect(execFileSync(join(directory, '.nexus-tour/bin/nexus-fs'), ['cat', '/tour/copy/sub/3.md']).toString()).toBe('Copyright 3\n')
  }, 120_000)

  it('a wrong directory is told, with its own exit code', async () => {
    expect(await tour('nothing')).toMatchObject({ code: 10, stdout: '' })
    expect(await tour('tree/sub/1.md')).toMatchObject({ code: 13, stdout: '' })
    expect(await tour('tree', 'more')).toMatchObject({ code: 2, stdout: '' })
  })
})
