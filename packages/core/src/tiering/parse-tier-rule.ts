import { isNexusError } from '../contract/errors.ts'
import { parsePath, type Path } from '../contract/paths.ts'
import { type ConfigKeys, ConfigProblem } from '../mounting/config-problem.ts'
import { readFields } from '../mounting/read-fields.ts'
import type { TierRule } from './rule.ts'

/** A {@link TierRule} as people write it: in `mount()`, `connect()` and `mounts.json` in camelCase, in `nexus.yaml` in snake_case. */
export interface TierSource {
  readonly from: string
  readonly to: string
  /** Default `move`. */
  readonly paths?: 'move' | 'keep' | undefined
  /** `30d`, `12h`, `90m`, `45s`, `2w`. */
  readonly olderThan?: string | undefined
  readonly idleFor?: string | undefined
  /** `10MB`, `1.5G`, `500k`; a unit is 1024 of the one before. */
  readonly largerThan?: string | undefined
  readonly smallerThan?: string | undefined
  readonly capacity?: string | undefined
  readonly include?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
}

const names = Object.keys({
  from: true,
  to: true,
  paths: true,
  olderThan: true,
  idleFor: true,
  largerThan: true,
  smallerThan: true,
  capacity: true,
  include: true,
  exclude: true,
} satisfies Record<keyof TierSource, true>)

/** @throws ConfigProblem for what is no rule, naming the key; whether rules fit each other is checked when they are used */
export function parseTierRule(input: unknown, keys: ConfigKeys): TierRule {
  const fields = readFields(input, names, { keys, what: 'A tier rule' })
  const amount = (name: string, parse: (text: string) => number | undefined, example: string): number | undefined => {
    const text = fields.text(name)
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) throw new ConfigProblem([...keys, name], `"${name}" is written as in ${example}, not "${text}".`)
    return value
  }
  const paths = fields.text('paths') ?? 'move'
  if (paths !== 'move' && paths !== 'keep') throw new ConfigProblem([...keys, 'paths'], `"paths" is "keep" or "move", not "${paths}".`)
  const age = '"30d": a number with s, m, h, d or w'
  const size = '"10MB": a number with k, M, G or T'
  return {
    from: pathOf(fields.text('from'), [...keys, 'from']),
    to: pathOf(fields.text('to'), [...keys, 'to']),
    paths,
    olderThanMs: amount('olderThan', toMilliseconds, age),
    idleForMs: amount('idleFor', toMilliseconds, age),
    largerThanBytes: amount('largerThan', toBytes, size),
    smallerThanBytes: amount('smallerThan', toBytes, size),
    capacityBytes: amount('capacity', toBytes, size),
    include: texts(fields.list('include'), [...keys, 'include']),
    exclude: texts(fields.list('exclude'), [...keys, 'exclude']),
  }
}

function pathOf(text: string | undefined, keys: ConfigKeys): Path {
  if (text === undefined) throw new ConfigProblem(keys.slice(0, -1), 'A tier rule has "from" and "to": the directory whose files go, and the one that takes them.')
  try {
    return parsePath(text)
  } catch (error) {
    if (isNexusError(error)) throw new ConfigProblem(keys, error.reason)
    throw error
  }
}

function texts(list: readonly unknown[] | undefined, keys: ConfigKeys): readonly string[] | undefined {
  if (list === undefined || list.every((item) => typeof item === 'string')) return list
  throw new ConfigProblem(keys, 'Patterns are texts, such as "*.log".')
}

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

function toMilliseconds(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? []
  const unitMs = unitsMs[unit]
  return number === undefined || unitMs === undefined ? undefined : Math.round(Number(number) * unitMs)
}

const powers = ['', 'k', 'm', 'g', 't']

function toBytes(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  return number === undefined ? undefined : Math.round(Number(number) * 1024 ** powers.indexOf(unit.toLowerCase()))
}
