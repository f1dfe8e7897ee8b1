import { type Entry, NexusError, type Path } from '@nexus/core/contract'
import { InvalidArgumentError, Option } from 'commander'
import type { BuildCommand, Cli } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { listBelow } from '../list-below.ts'
import { globExpression } from '../glob-expression.ts'
import { Findings } from '../outcomes.ts'
import { parseSize } from '../parse-values.ts'
import { openSession, type Session } from '../session.ts'

interface FindOptions {
  readonly name?: string
  readonly iname?: string
  readonly type?: 'f' | 'd'
  readonly size?: SizeTest
  readonly newer?: string
  readonly crossMounts?: true
}

type SizeTest = (sizeBytes: number) => boolean
type EntryTest = (entry: Entry) => boolean

/** `find`: what lies below a directory and passes every test. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('[PATH...]', 'directories', ['/'])
    .option('--name <glob>', 'its name matches (also -name)')
    .option('--iname <glob>', 'the same, upper and lower case alike')
    .addOption(new Option('--type <kind>', 'f: files, d: directories').choices(['f', 'd']))
    .option('--size <size>', '10k: as many bytes, +10k: more, -10k: fewer', parseSizeTest)
    .option('--newer <path|date>', 'changed after that file was, or after 2026-01-31')
    .option('--cross-mounts', 'go on inside mounts below')
    .addHelpText('after', `
Exit code 1: nothing was found.

Examples:
  nexus-fs find /local/data -name '*.ts' -type f
  nexus-fs find /local/data -size +10M --newer 2026-01-31
  nexus-fs find local://./data --newer local://./data/stamp`)
    .action(async (paths: readonly string[], options: FindOptions) => {
      const isDate = options.newer !== undefined && /^\d{4}-\d{2}-\d{2}/.test(options.newer)
      const operands = options.newer === undefined || isDate ? paths : [...paths, options.newer]
      await using session = await openSession(cli, operands, { goesBelow: true })
      const after = await changedAfter(cli, { session, newer: options.newer, isDate })
      const passes = testsOf(options, after)
      const starts = session.paths.slice(0, paths.length)
      let found = 0
      for (const start of starts) found += await printMatches(cli, { session, start, passes, options })
      if (found === 0) throw new Findings()
    })
}

interface Search {
  readonly session: Session
  readonly start: Path
  readonly passes: EntryTest
  readonly options: FindOptions
}

async function printMatches(cli: Cli, { session, start, passes, options }: Search): Promise<number> {
  let found = 0
  for await (const entry of listBelow(session, start, { recursive: true, crossMounts: options.crossMounts, signal: cli.signal })) {
    if (!passes(entry)) continue
    found++
    await cli.out.line(cli.json ? entryJson(entry, session.shown) : cli.out.name(session.shown(entry.path)))
  }
  return found
}

async function changedAfter(cli: Cli, { session, newer, isDate }: { readonly session: Session; readonly newer: string | undefined; readonly isDate: boolean }): Promise<Date | undefined> {
  if (newer === undefined) return undefined
  const reference = session.paths.at(-1)
  const date = isDate || reference === undefined ? new Date(newer) : (await session.fs.stat(reference, { signal: cli.signal })).modifiedAt
  if (date !== undefined && !Number.isNaN(date.getTime())) return date
  throw new NexusError('invalid_argument', { op: 'find', path: newer, reason: isDate ? 'It is no date; write 2026-01-31 or 2026-01-31T12:00:00Z.' : 'It is not known when that was changed.' })
}

function testsOf({ name, iname, type, size }: FindOptions, after: Date | undefined): EntryTest {
  const tests: EntryTest[] = []
  if (name !== undefined) tests.push(nameTest(globExpression(name)))
  if (iname !== undefined) tests.push(nameTest(globExpression(iname, 'i')))
  if (type !== undefined) tests.push((entry) => entry.kind === (type === 'f' ? 'file' : 'directory'))
  if (size !== undefined) tests.push((entry) => entry.kind === 'file' && entry.sizeBytes !== undefined && size(entry.sizeBytes))
  if (after !== undefined) tests.push((entry) => entry.modifiedAt !== undefined && entry.modifiedAt > after)
  return (entry) => tests.every((test) => test(entry))
}

function nameTest(expression: RegExp): EntryTest {
  return (entry) => expression.test(entry.name)
}

function parseSizeTest(text: string): SizeTest {
  const [, sign = '', rest = ''] = /^([+-]?)(.+)$/.exec(text) ?? []
  if (rest === '') throw new InvalidArgumentError('A size is written 10k, +10k or -10k.')
  const limit = parseSize(rest)
  if (sign === '+') return (sizeBytes) => sizeBytes > limit
  return sign === '-' ? (sizeBytes) => sizeBytes < limit : (sizeBytes) => sizeBytes === limit
}
