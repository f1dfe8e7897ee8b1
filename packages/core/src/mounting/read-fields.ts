import { type ConfigKeys, ConfigProblem } from './config-problem.ts'
import { didYouMean } from './nearest.ts'
import { isRecord } from './parse-manifest.ts'

/** Typed reading of one object of a configuration; an absent or `undefined` value is `undefined`, a wrong one a {@link ConfigProblem}. */
export interface FieldReader {
  readonly text: (name: string) => string | undefined
  readonly truth: (name: string) => boolean | undefined
  readonly integer: (name: string) => number | undefined
  readonly record: (name: string) => Record<string, unknown> | undefined
  readonly list: (name: string) => readonly unknown[] | undefined
}

/**
 * Opens an object for typed reading.
 * @param place Where the object stands, and what it is called in messages ("a mount").
 * @throws ConfigProblem when it is no object, or has a key that is not in `names` (the nearest is named).
 */
export function readFields(
  input: unknown,
  names: readonly string[],
  { keys = [], what }: { readonly keys?: ConfigKeys; readonly what: string },
): FieldReader {
  if (!isRecord(input)) throw new ConfigProblem(keys, `${what} is an object, not ${describe(input)}.`)
  for (const name of Object.keys(input)) {
    if (!names.includes(name))
      throw new ConfigProblem([...keys, name], `${what} has no "${name}".${didYouMean(name, names)} It has: ${names.join(', ')}.`)
  }
  const read = <T>(name: string, expected: string, is: (value: unknown) => value is T): T | undefined => {
    const value = Object.hasOwn(input, name) ? input[name] : undefined
    if (value === undefined || is(value)) return value
    throw new ConfigProblem([...keys, name], `"${name}" of ${what.toLowerCase()} is ${expected}, not ${describe(value)}.`)
  }
  return {
    text: (name) => read(name, 'a text', (value) => typeof value === 'string'),
    truth: (name) => read(name, 'true or false', (value) => typeof value === 'boolean'),
    integer: (name) => read(name, 'a whole number', (value): value is number => Number.isSafeInteger(value)),
    record: (name) => read(name, 'an object', isRecord),
    list: (name) => read(name, 'a list', (value) => Array.isArray(value)),
  }
}

/** A value for a message: its kind, and itself where it is short and cannot be a secret. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
