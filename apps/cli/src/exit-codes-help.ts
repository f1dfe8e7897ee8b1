import { errorCodes, NexusError } from '@nexus/core/contract'
import { exitCodes, otherExitCodes } from './exit-codes.ts'
import { formatTable } from './terminal/table.ts'

/** The table of `nexus-fs help exit-codes`, as lines. */
export function exitCodesHelp(): string[] {
  const others = Object.entries(otherExitCodes).map(([name, { code, sentence }]) => ({ code, name, sentence }))
  const failures = errorCodes.map((name) => ({ code: exitCodes[name], name, sentence: new NexusError(name).reason }))
  const rows = [...others, ...failures].sort((left, right) => left.code - right.code)
  return formatTable([{ title: 'CODE', align: 'right' }, { title: 'NAME' }, { title: 'MEANING' }], rows.map(({ code, name, sentence }) => [String(code), name, sentence]))
}
