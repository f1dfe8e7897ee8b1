import { parseArgs } from 'node:util'
import type { Lab } from './lab.ts'

/** What a run was asked for. */
interface RunArguments extends Pick<Lab, 'scale' | 'files'> {
  /** Titles of rows to run. */
  readonly only: RegExp | undefined
}

/** @throws TypeError for an unknown option, RangeError for a number that is none, SyntaxError for a regular expression that is none */
export function parseArguments(argv: readonly string[]): RunArguments {
  const { values } = parseArgs({ args: [...argv], options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, files: { type: 'string' } } })
  const files = values.files === undefined ? undefined : Number(values.files)
  if (files !== undefined && (!Number.isInteger(files) || files < 1000)) throw new RangeError('--files takes a number of files, at least 1000.')
  return { scale: values.quick ? 'quick' : 'full', files: files ?? (values.quick ? 0 : 1_000_000), only: values.only === undefined ? undefined : new RegExp(values.only, 'i') }
}
