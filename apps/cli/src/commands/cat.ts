import type { ByteRange } from '@nexus/core/contract'
import { InvalidArgumentError } from 'commander'
import type { BuildCommand } from '../cli.ts'
import { openSession } from '../session.ts'

interface CatOptions {
  readonly range?: ByteRange
  readonly version?: string
  readonly snapshot?: string
}

/** `cat`: files to standard output, byte for byte. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH...>', 'files')
    .option('--range <from-to>', 'only these bytes: 0-99, 100-, or -100 for the last hundred', parseRange)
    .option('--version <version>', 'an earlier version (nexus-fs versions lists them)')
    .option('--snapshot <name>', 'as it was in a snapshot')
    .addHelpText('after', `
Examples:
  nexus-fs cat /local/data/a.txt
  nexus-fs cat /local/data/big.bin > big.bin
  nexus-fs cat --range 0-1023 local://./data/a.bin | xxd`)
    .action(async (paths: readonly string[], options: CatOptions) => {
      await using session = await openSession(cli, paths)
      for (const path of session.paths) {
        await using content = await session.fs.open(path, { ...options, signal: cli.signal })
        for await (const chunk of content.stream()) await cli.out.bytes(chunk)
      }
    })
}

function parseRange(text: string): ByteRange {
  const [, from = '', to = ''] = /^(\d*)-(\d*)$/.exec(text) ?? []
  if (from === '' && to === '') throw new InvalidArgumentError('A range is written 0-99, 100- or -100.')
  if (from === '') return { suffix: Number(to) }
  if (to === '') return { offset: Number(from) }
  if (Number(to) < Number(from)) throw new InvalidArgumentError('A range ends after it begins.')
  return { offset: Number(from), length: Number(to) - Number(from) + 1 }
}
