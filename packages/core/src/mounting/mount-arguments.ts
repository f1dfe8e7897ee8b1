import { NexusError } from '../contract/errors.ts'
import { type CacheOptions, parseCacheOptions } from './cache-layers.ts'
import { ConfigProblem } from './config-problem.ts'
import type { GivenBackends } from './load-definition.ts'
import { parseTierRule, type TierSource } from '../tiering/parse-tier-rule.ts'
import type { TierRule } from '../tiering/rule.ts'
import type { MountSource } from './mount-source.ts'
import { isRecord } from './parse-manifest.ts'
import { readFields } from './read-fields.ts'

/** How to mount. */
export interface MountOptions {
  /** Where; only with exactly one source. */
  readonly at?: string | undefined
  /** `mounts.json` is neither read nor written. */
  readonly ephemeral?: boolean | undefined
  /** A backend that cannot be opened stands all the same, and answers `unavailable` with the reason. */
  readonly skipUnavailable?: boolean | undefined
  /** Mounts even where another mount becomes unreachable. */
  readonly allowShadow?: boolean | undefined
  /** Definitions, or functions that import one, by scheme; they win over everything installed. */
  readonly backends?: GivenBackends | undefined
  /** `import.meta.url` of the application: where packages are looked for first. */
  readonly resolveFrom?: string | undefined
  /** Bounds of what is remembered of contents on this machine; `false` remembers neither contents nor stats nor listings. */
  readonly cache?: CacheOptions | undefined
  /** Rules by which files belong to other storage; `tier()` runs them. Those that keep paths are remembered with their mount. */
  readonly tiers?: readonly TierSource[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** Sources, and options at the end. */
export type MountArguments = readonly MountSource[] | readonly [...sources: MountSource[], options: MountOptions]

/** The arguments of `mount()`, taken apart; the sources are not checked yet. */
export interface ParsedArguments {
  readonly sources: readonly unknown[]
  readonly options: Omit<MountOptions, 'tiers'>
  readonly rules: readonly TierRule[]
  /** The rules as they were written. */
  readonly tiers: readonly TierSource[]
}

const optionNames = Object.keys({
  at: true,
  ephemeral: true,
  skipUnavailable: true,
  allowShadow: true,
  backends: true,
  resolveFrom: true,
  tiers: true,
  cache: true,
  signal: true,
} satisfies Record<keyof MountOptions, true>)
const sourceMarks = ['uri', 'backend', 'backendType', 'mountPoint']

/**
 * Takes the arguments of `mount()` apart: the last one is options when it is an object that is no source. `at` moves into the one source.
 * @throws ConfigProblem for an unknown option or one of the wrong kind, NexusError `invalid_argument` for `at` with other than one source
 */
export function parseMountArguments(args: readonly unknown[]): ParsedArguments {
  const last = args.at(-1)
  if (!isRecord(last) || sourceMarks.some((mark) => mark in last)) return { sources: args, options: {}, rules: [], tiers: [] }
  const sources = args.slice(0, -1)
  const options = parseOptions(last)
  // `parseOptions` saw that it is a list, and each rule is read here.
  const tiers = (last['tiers'] ?? []) as readonly TierSource[]
  const rules = tiers.map((rule, index) => parseTierRule(rule, ['tiers', index]))
  return { sources: options.at === undefined ? sources : [placeAt(sources, options.at)], options, rules, tiers }
}

function parseOptions(input: Record<string, unknown>): Omit<MountOptions, 'tiers'> {
  const fields = readFields(input, optionNames, { what: 'The options of mount()' })
  fields.list('tiers')
  const { signal } = input
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new ConfigProblem(['signal'], '"signal" is an AbortSignal.')
  return {
    at: fields.text('at'),
    ephemeral: fields.truth('ephemeral'),
    skipUnavailable: fields.truth('skipUnavailable'),
    allowShadow: fields.truth('allowShadow'),
    // Each one is checked when its scheme is mounted: a definition has to be imported for that.
    backends: fields.record('backends') as GivenBackends | undefined,
    resolveFrom: fields.text('resolveFrom'),
    cache: parseCacheOptions(input['cache']),
    signal,
  }
}

function placeAt(sources: readonly unknown[], at: string): unknown {
  const [source] = sources
  if (sources.length !== 1) {
    throw new NexusError('invalid_argument', {
      op: 'mount',
      reason: `"at" goes with exactly one source, and there are ${sources.length}. Write { uri, at } for each.`,
    })
  }
  if (typeof source === 'string') return { uri: source, at }
  if (isRecord(source) && source['at'] !== undefined)
    throw new NexusError('invalid_argument', { op: 'mount', reason: '"at" is given twice: in the source and in the options.' })
  return isRecord(source) ? { ...source, at } : source
}
