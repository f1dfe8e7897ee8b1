import { type MountSpec, NexusError } from '@nexus/core/contract'
import { defaultMaxSizeBytes } from './backend.ts'

/** Checked configuration of a memory mount. */
export interface MemoryConfig {
  /** What the URI called it; each open begins empty, also under the same name. */
  readonly name: string
  readonly maxSizeBytes: number
}

/** `memory://name?maxSizeBytes=1000` as unchecked configuration. */
export function fromUri({ authority, path, options }: MountSpec): unknown {
  return { ...options, name: path === '' ? authority : `${authority}/${path}` }
}

const keys = ['name', 'maxSizeBytes']

/** Checks a configuration. @throws NexusError `invalid_config`, naming the key */
export function parseMemoryConfig(input: unknown): MemoryConfig {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw invalid('The configuration of a memory mount is an object.')
  const { name = 'memory', maxSizeBytes = defaultMaxSizeBytes, ...rest }: { name?: unknown; maxSizeBytes?: unknown } = input
  const [unknownKey] = Object.keys(rest)
  if (unknownKey !== undefined) throw invalid(`A memory mount has no option "${unknownKey}"; it has ${keys.join(' and ')}.`)
  if (typeof name !== 'string' || name === '') throw invalid('"name" is a text that is not empty.')
  return { name, maxSizeBytes: parseSize(maxSizeBytes) }
}

/** A URI's query gives the number as text. */
function parseSize(input: unknown): number {
  const value = typeof input === 'string' && /^[0-9]+$/.test(input) ? Number(input) : input
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid('"maxSizeBytes" is a whole number of bytes from 0 on.')
}

function invalid(reason: string): NexusError {
  return new NexusError('invalid_config', { op: 'mount', backend: 'memory', reason })
}
