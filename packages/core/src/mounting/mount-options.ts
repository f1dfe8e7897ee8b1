import { NexusError } from '../contract/errors.ts'
import type { Durability } from '../contract/store.ts'
import type { BackendManifest } from './manifest.ts'
import { didYouMean } from './nearest.ts'

/** What the kernel decides about a mount; every other option is the backend's own. */
export interface MountSettings {
  readonly layout?: 'cas' | 'path' | undefined
  readonly durability?: Durability | undefined
  readonly verify?: 'full' | 'none' | undefined
  /** Algorithm of a repository that this mount makes; an existing one says its own. */
  readonly digest?: 'blake3' | 'sha256' | undefined
  /** How old an answer about the storage may be, in milliseconds. */
  readonly freshnessMs?: number | undefined
  readonly readonly?: boolean | undefined
  readonly priority?: number | undefined
  /** `one` promises that nobody else writes: for stores without create-only writes. */
  readonly writers?: 'one' | 'many' | undefined
}

/** Options taken apart: the kernel's, checked, and the backend's, unchecked. */
export interface SplitOptions {
  readonly settings: MountSettings
  /** Of the URI's query, for the definition's `fromUri`. */
  readonly uriOptions: Readonly<Record<string, string>>
  /** Of the `options` object; they win over the URI's. */
  readonly objectOptions: Readonly<Record<string, unknown>>
}

interface Parser {
  /** For messages. */
  readonly expected: string
  /** `undefined` when the value is not what is expected. */
  readonly parse: (input: unknown, fromUri: boolean) => unknown
}

const parsers = {
  layout: oneOf('cas', 'path'),
  durability: oneOf('fsync', 'os'),
  verify: oneOf('full', 'none'),
  digest: oneOf('blake3', 'sha256'),
  freshnessMs: wholeNumber(0),
  readonly: { expected: 'true or false', parse: truth },
  priority: wholeNumber(Number.MIN_SAFE_INTEGER),
  writers: oneOf('one', 'many'),
} satisfies Record<keyof MountSettings, Parser>

/** Names of the mount options that the kernel itself understands. */
const mountOptionNames: readonly string[] = Object.keys(parsers)

/** The options of one mount as they were written. */
export interface WrittenOptions {
  readonly uriOptions?: Readonly<Record<string, string>> | undefined
  readonly objectOptions?: Readonly<Record<string, unknown>> | undefined
  /** The mount in messages: its URI or mount point. */
  readonly shown: string
}

/**
 * Takes the options of a mount apart. `durability` goes to the backend too when its manifest lists it, or when there is no list.
 * @throws NexusError `invalid_config` for a value of the wrong kind, or an unknown key where the manifest lists the backend's own.
 */
export function splitOptions(
  { uriOptions = {}, objectOptions = {}, shown }: WrittenOptions,
  manifest: OptionsManifest | undefined,
): SplitOptions {
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_config', { op: 'mount', path: shown, reason })
  }
  const given = Object.fromEntries(Object.entries(objectOptions).filter(([, value]) => value !== undefined))
  for (const name of [...Object.keys(uriOptions), ...Object.keys(given)]) checkKnown(name, manifest, refuse)
  return {
    settings: { ...parseSettings(uriOptions, { fromUri: true, refuse }), ...parseSettings(given, { fromUri: false, refuse }) },
    uriOptions: Object.fromEntries(Object.entries(uriOptions).filter(([name]) => isForBackend(name, manifest))),
    objectOptions: Object.fromEntries(Object.entries(given).filter(([name]) => isForBackend(name, manifest))),
  }
}

type OptionsManifest = Pick<BackendManifest, 'options' | 'scheme'>

function parseSettings(options: Readonly<Record<string, unknown>>, context: ParseContext): MountSettings {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (isMountOption(name) ? [[name, parseOption(name, value, context)]] : [])),
  )
}

function isForBackend(name: string, manifest: OptionsManifest | undefined): boolean {
  if (!isMountOption(name)) return true
  return manifest?.options === undefined ? name === 'durability' : Object.hasOwn(manifest.options, name)
}

/** A sentence part for an error of a backend about an option that looks like a misspelt mount option. */
export function meantMountOption(names: Iterable<string>): string {
  for (const name of names) {
    const hint = didYouMean(name, mountOptionNames)
    if (hint !== '' && !isMountOption(name)) return ` "${name}":${hint}`
  }
  return ''
}

type Refuse = (reason: string) => never

interface ParseContext {
  readonly fromUri: boolean
  readonly refuse: Refuse
}

function isMountOption(name: string): name is keyof MountSettings {
  return Object.hasOwn(parsers, name)
}

function checkKnown(name: string, manifest: OptionsManifest | undefined, refuse: Refuse): void {
  if (isMountOption(name) || manifest?.options === undefined || Object.hasOwn(manifest.options, name)) return
  const known = [...new Set([...Object.keys(manifest.options), ...mountOptionNames])]
  refuse(`There is no option "${name}" for ${manifest.scheme}://.${didYouMean(name, known)} Options: ${known.join(', ')}.`)
}

function parseOption(name: keyof MountSettings, value: unknown, { fromUri, refuse }: ParseContext): unknown {
  const { expected, parse } = parsers[name]
  return parse(value, fromUri) ?? refuse(`The option "${name}" is ${expected}, not ${JSON.stringify(value)}.`)
}

function oneOf(...values: readonly string[]): Parser {
  return {
    expected: values.map((value) => `"${value}"`).join(' or '),
    parse: (input) => values.find((value) => value === input),
  }
}

function wholeNumber(minimum: number): Parser {
  return {
    expected: minimum === 0 ? 'a whole number from 0 on' : 'a whole number',
    parse: (input, fromUri) => {
      const value = fromUri && typeof input === 'string' && /^-?[0-9]+$/.test(input) ? Number(input) : input
      return typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum ? value : undefined
    },
  }
}

function truth(input: unknown, fromUri: boolean): boolean | undefined {
  if (typeof input === 'boolean') return input
  return fromUri && (input === 'true' || input === 'false') ? input === 'true' : undefined
}
