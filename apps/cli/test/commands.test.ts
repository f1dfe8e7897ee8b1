import { execFileSync } from 'node:child_process'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandTable } from '../src/command-table.ts'
import { exitCodes, otherExitCodes } from '../src/exit-codes.ts'
import { jsonLines, openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await openScratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('mounts', () => {
  it('are remembered, listed without opening, tested, pruned and forgotten', async () => {
    expect((await scratch.run(['mount', 'local://./one'])).stdout).toBe('MOUNTED     LAYOUT      URI\n/local/one  repository  local://./one\n')
    await scratch.run(['mount', '--name', 'second', '--at', '/two', '--readonly', 'local://./two?layout=path'])
    await scratch.run(['write', '--text', 'x', '/local/one/a.txt'])
    expect(jsonLines((await scratch.run(['mounts', 'list', '--json'])).stdout)).toMatchObject([{ mountPoint: '/local/one' }, { mountPoint: '/two', name: 'second', readonly: true }])
    const tested = await scratch.run(['mounts', 'test', '--json'])
    expect(jsonLines(tested.stdout)).toMatchObject([{ state: 'active', layout: 'cas' }, { mountPoint: '/two' }])
    expect(jsonLines((await scratch.run(['mounts', 'prune', '--dry-run', '--json'])).stdout)).toEqual([expect.objectContaining({ mountPoint: '/two', pruned: false })])
    await scratch.run(['mounts', 'prune'])
    expect((await scratch.run(['unmount', '/local/one'])).code).toBe(0)
    expect((await scratch.run(['mounts', 'list'])).stdout).toBe('')
    expect(await stat(join(scratch.directory, 'one/nexus.json'))).toBeDefined()
  })

  it('one that stands is not replaced by another storage at its place', async () => {
    await scratch.run(['mount', '--at', '/place', 'local://./one'])
    const ran = await scratch.run(['mount', '--at', '/place', 'local://./other'])
    expect({ code: ran.code, told: ran.stderr.includes('nexus-fs unmount /place') }).toEqual({ code: 22, told: true })
    expect((await scratch.run(['mount', '--at', '/place', 'local://./one'])).code).toBe(0)
    expect((await scratch.run(['mount', '--priority', '9', '--at', '/', 'local://./root'])).code).toBe(22)
  })

  it('a command opens only what its paths need', async () => {
    await scratch.run(['mount', 'local://./one', 'local://./broken?layout=cas'])
    await scratch.run(['write', '--text', 'x', '/local/broken/a'])
    await rm(join(scratch.directory, 'broken/nexus.json'))
    expect((await scratch.run(['write', '--text', 'x', '/local/one/a'])).code).toBe(0)
    expect((await scratch.run(['ls', '/local'])).stdout).toBe('broken/\none/\n')
    expect((await scratch.run(['ls', '/local/broken'])).code).toBe(25)
    const checked = await scratch.run(['mounts', 'list', '--check'])
    expect({ code: checked.code, told: /^MOUNT POINT +STATE +LAYOUT +LATENCY +TOOK +URI$/m.test(checked.stdout), bad: checked.stdout.includes('corrupt') }).toEqual({ code: 1, told: true, bad: true })
    const [good, bad] = jsonLines((await scratch.run(['mounts', 'test', '--json'])).stdout)
    expect(good).toMatchObject({ state: 'active', latencyMs: expect.any(Number) as unknown })
    expect([bad?.['state'], bad?.['latencyMs']]).toEqual(['unavailable', undefined])
    expect((await scratch.run(['doctor', '--json'])).code).toBe(1)
  })

  it('two URIs and one name is a usage error', async () => {
    expect((await scratch.run(['mount', '--name', 'x', 'local://./a', 'local://./b'])).code).toBe(2)
  })
})

describe('help', () => {
  it('of the program is pinned', async () => {
    expect((await scratch.run(['--help'])).stdout).toMatchSnapshot()
  })

  it.each(commandTable.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name))('of %s is pinned, and has examples', async (name) => {
    const { stdout, code } = await scratch.run(['help', name])
    expect(code).toBe(0)
    expect(stdout).toContain(`nexus-fs ${name}`)
    expect(stdout).toContain('Examples:')
    expect(stdout).toMatchSnapshot()
  })

  it('of the exit codes is the table, which the README has too', async () => {
    const { stdout } = await scratch.run(['help', 'exit-codes'])
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    for (const [name, code] of Object.entries(exitCodes)) {
      expect(stdout).toMatch(new RegExp(`^ +${code}  ${name} `, 'm'))
      expect(readme).toContain(`| ${code} | ${name} |`)
    }
    for (const { sentence } of Object.values(otherExitCodes)) expect(stdout).toContain(sentence)
  })

  it('comes without a command too', async () => {
    const ran = await scratch.run([])
    expect({ code: ran.code, starts: ran.stdout.startsWith('Usage: nexus-fs') }).toEqual({ code: 0, starts: true })
  })
})

describe('completion', () => {
  it('bash reads the script, which knows every command', async () => {
    const { stdout } = await scratch.run(['completion', 'bash'])
    execFileSync('bash', ['-n'], { input: stdout })
    const words = execFileSync('bash', ['-c', `${stdout}\nCOMP_WORDS=(nexus-fs sn); COMP_CWORD=1; _nexus_fs; echo "\${COMPREPLY[@]}"`]).toString()
    expect(words).toBe('snapshot\n')
    for (const { name } of commandTable.filter(({ isHidden }) => isHidden !== true)) expect(stdout).toContain(`    ${name}) words=`)
    expect((await scratch.run(['completion', 'zsh'])).stdout).toContain('bashcompinit')
    expect((await scratch.run(['completion', 'fish'])).stdout).toContain('complete -c nexus-fs -n __fish_use_subcommand -a cp')
  })

  it('completes paths, and nothing where nothing is', async () => {
    await scratch.run(['mount', 'local://./data'])
    await scratch.run(['write', '--text', 'x', '/local/data/alpha/a.txt'])
    expect((await scratch.run(['__complete', '/lo'])).stdout).toBe('/local/\n')
    expect((await scratch.run(['__complete', '/local/data/al'])).stdout).toBe('/local/data/alpha/\n')
    expect(await scratch.run(['__complete', '/nowhere/x'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })
})
