import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { type Durability, type MountSpec, NexusError } from '@nexus/core/contract'

/** Where a local mount keeps its files, checked. */
export interface LocalConfig {
  /** Absolute path of the directory on this machine. */
  readonly dataDir: string
  /** `fsync`: an acknowledged write survives a power cut. `os`: it survives a killed process. */
  readonly durability: Durability
}

const keys = ['dataDir', 'durability'] as const

/** The URI's part of the configuration: the path as written (`./data`, `/srv/data`, `~/data`) and the options. */
export function localFromUri(spec: MountSpec): Record<string, unknown> {
  return { ...spec.options, dataDir: spec.authority }
}

/**
 * Checks the configuration of a local mount.
 * @param input `{ dataDir, durability? }`; a relative `dataDir` starts from the working directory, `~/` from the home directory.
 * @throws NexusError `invalid_config` that names the key, and the nearest known one for an unknown key.
 */
export function parseLocalConfig(input: unknown): LocalConfig {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return refuse(`The configuration of a local mount is an object { dataDir, durability }, not ${describe(input)}.`)
  }
  const given = new Map<string, unknown>(Object.entries(input))
  for (const key of given.keys()) {
    if (!(keys as readonly string[]).includes(key)) refuse(`Unknown key "${key}" of a local mount; did you mean "${nearestKey(key)}"?`)
  }
  return { dataDir: parseDataDir(given.get('dataDir')), durability: parseDurability(given.get('durability')) }
}

function parseDataDir(value: unknown): string {
  if (typeof value !== 'string') return refuse(`"dataDir" is a path, for example "./data", not ${describe(value)}.`)
  if (value === '') return refuse('"dataDir" is empty; name a directory, for example "./data".')
  if (value.includes('\0')) return refuse('"dataDir" has a NUL character, which no path holds.')
  return resolve(value === '~' || value.startsWith('~/') ? homedir() + value.slice(1) : value)
}

function parseDurability(value: unknown): Durability {
  if (value === undefined || value === 'fsync') return 'fsync'
  if (value === 'os') return 'os'
  return refuse(`"durability" is "fsync" or "os", not ${describe(value)}.`)
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  return value === null ? 'null' : typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}

function refuse(reason: string): never {
  throw new NexusError('invalid_config', { op: 'mount', backend: 'local', reason })
}

function nearestKey(key: string): string {
  const [nearest] = keys.map((known) => ({ known, distance: editDistance(key.toLowerCase(), known.toLowerCase()) })).sort((a, b) => a.distance - b.distance)
  return nearest?.known ?? keys[0]
}

/** Levenshtein's distance, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
