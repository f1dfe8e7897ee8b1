import { mkdtemp, rm, symlink, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../src/run.ts'
import { wantsColours } from '../src/terminal/colours.ts'
import { escapeControl } from '../src/terminal/escape-control.ts'
import { fitLine, wrapWords } from '../src/terminal/fit-line.ts'
import { formatBytes, formatCount, formatDuration } from '../src/terminal/format.ts'
import type { OutputStream } from '../src/terminal/output.ts'
import { progressLine } from '../src/terminal/progress.ts'
import { formatTable } from '../src/terminal/table.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-cli-terminal-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function fakeTerminal(isTTY: boolean): { readonly stream: OutputStream; readonly text: () => string } {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString()
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY, columns: 100 }), text: () => text }
}

async function runOn(isTTY: boolean, args: readonly string[], env: Record<string, string> = {}): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err] = [fakeTerminal(isTTY), fakeTerminal(isTTY)]
  const stdin = Object.assign(new PassThrough(), { isTTY: false })
  const code = await run(args, { env, workingDirectory: directory, stdin, stdout: out.stream, stderr: err.stream, signal: new AbortController().signal })
  return { code, out: out.text(), err: err.text() }
}

describe('colours', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('%j on a terminal (%s): %s', (env, isTerminal, expected) => {
    expect(wantsColours(env, isTerminal)).toBe(expected)
  })

  it('are on a terminal, and nowhere else', async () => {
    await mkdir(join(directory, 'plain/sub'), { recursive: true })
    expect((await runOn(true, ['ls', 'local://./plain'])).out).toBe('\u001b[34msub\u001b[39m/\n')
    expect((await runOn(true, ['ls', 'local://./plain'], { NO_COLOR: '1' })).out).toBe('sub/\n')
    expect((await runOn(false, ['ls', 'local://./plain'])).out).toBe('sub/\n')
    expect((await runOn(true, ['cat', 'local://./plain/none'])).err).toContain('\u001b[31mnexus-fs:\u001b[39m')
  })
})

describe('hostile names', () => {
  it('cannot draw on a terminal, and reach programs untouched', async () => {
    await mkdir(join(directory, 'plain'))
    await symlink('\u001b]0;owned\u0007', join(directory, 'plain/link\u202egnp'))
    const shown = await runOn(true, ['ls', '-l', 'local://./plain'], { NO_COLOR: '1' })
    expect(shown.out).toContain('link\\u{202e}gnp -> \\u{1b}]0;owned\\u{7}')
    expect(shown.out).not.toMatch(/[\u001b\u0007\u202e]/)
    expect((await runOn(false, ['ls', 'local://./plain'])).out).toBe('link\u202egnp\n')
  })

  it('are escaped in messages', async () => {
    const { err } = await runOn(true, ['cat', 'local://./\u001b[2Jgone'], { NO_COLOR: '1' })
    expect(err).not.toContain('\u001b')
    expect(escapeControl('a\u0000\n\u009b\u200d\ufeffb')).toBe('a\\u{0}\\u{a}\\u{9b}\\u{200d}\\u{feff}b')
  })
})

describe('progress', () => {
  it('has rate and time left once everything is counted', () => {
    expect(progressLine('Copying', { noun: 'file', files: 500, bytes: 1024 * 1024, totalFiles: 1000, totalBytes: 2 * 1024 * 1024 }, 2000))
      .toBe('Copying   50%  500 of 1,000 files  1.0 MiB  512 KiB/s  250 files/s  2.0 s left')
    expect(progressLine('Copying', { noun: 'content', files: 5, bytes: 10 }, 1000)).toBe('Copying  5 contents  10 B  10 B/s  5 contents/s')
  })

  it('is drawn on a terminal only, and taken away', async () => {
    const { out, err } = await runOn(false, ['cp', '-r', import.meta.dirname, 'local://./data/x?layout=path'])
    expect({ isClean: !/[\r\u001b]/.test(out + err), isTold: out.startsWith('Copied ') }).toEqual({ isClean: true, isTold: true })
  })
})

describe('numbers and tables', () => {
  it.each([[0, '0 B'], [999, '999 B'], [1000, '1.0 KiB'], [1536, '1.5 KiB'], [102_400, '100 KiB'], [1024 ** 4 * 2.25, '2.3 TiB']])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([[12, '12 ms'], [1234, '1.2 s'], [59_960, '1 min 00 s'], [125_000, '2 min 05 s'], [7_260_000, '2 h 01 min']])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('counts have separators', () => {
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567'])
  })

  it('a line is cut where it would break, words are not', () => {
    expect([fitLine('abcdef', 6), fitLine('abcdef', 5), fitLine('\u001b[31mabcdef\u001b[39m', 3)]).toEqual(['abcdef', 'abcd…', '\u001b[31mabcdef\u001b[39m'])
    expect(wrapWords(['one', 'two', 'three'], 7)).toEqual(['one two', 'three'])
  })

  it('columns are aligned by what is seen, not by what is sent', () => {
    const lines = formatTable([{ title: 'N' }, { title: 'S', align: 'right' }, { title: 'X' }], [['\u001b[34mab\u001b[39m', '1', 'x'], ['日本', '22', 'y']])
    expect(lines.map(stripVTControlCharacters)).toEqual(['N      S  X', 'ab     1  x', '日本  22  y'])
  })
})
