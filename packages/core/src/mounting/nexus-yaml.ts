import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { checkTierRules } from '../tiering/check-rules.ts'
import { parseTierRule } from '../tiering/parse-tier-rule.ts'
import type { TierRule } from '../tiering/rule.ts'
import { type CacheOptions, parseCacheOptions } from './cache-layers.ts'
import { type ConfigKeys, ConfigProblem } from './config-problem.ts'
import { type DocumentFile, parseLocated, problemIn } from './located-document.ts'
import type { MountRequest, SourceContext } from './mount-source.ts'
import { absoluteHostPath, parseMountSource } from './parse-mount-source.ts'
import { isPackageName } from './package-name.ts'
import { isRecord } from './parse-manifest.ts'
import { readFields } from './read-fields.ts'
import { isSnakeCase, toCamelCase, toSnakeCase } from './snake-case.ts'

/** What a `nexus.yaml` says, checked. */
export interface NexusYaml {
  /** Absolute host path of the repository at `/workspace`. */
  readonly dataDir: string | undefined
  readonly mounts: readonly MountRequest[]
  /** npm names of packages whose schemes may be mounted; resolved from the file's directory. */
  readonly packages: readonly string[]
  readonly tiers: readonly TierRule[]
  /** Bounds of what is remembered of contents, in bytes; `false` remembers nothing. */
  readonly cache?: CacheOptions | undefined
}

/** How a `nexus.yaml` is read. */
export interface NexusYamlOptions {
  readonly homeDirectory: string
  /** Named by the caller. One that was merely found in the working directory may name mounts, but no packages and no credential files. */
  readonly isTrusted: boolean
}

const names = ['mode', 'dataDir', 'mounts', 'packages', 'tiers', 'cache']

/**
 * Reads a `nexus.yaml`: `mode`, `data_dir`, `mounts` (URIs or objects as `mount()` and `addMount()` take them, in snake_case), `packages`,
 * `tiers` (rules as `mount()` takes them, in snake_case), `cache` (`content_bytes`, `memory_bytes`, or false).
 * Relative host paths start from the file's directory.
 * @returns `undefined` when the file is absent.
 * @throws NexusError `invalid_config`, naming file and line
 */
export async function readNexusYaml(file: string, { homeDirectory, isTrusted }: NexusYamlOptions): Promise<NexusYaml | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined
  const place: DocumentFile = { file, repair: 'Correct that line.' }
  const document = await parseLocated(text, place)
  const located = <T>(parse: () => T, toWritten: (problem: ConfigProblem) => ConfigProblem): T => {
    try {
      return parse()
    } catch (error) {
      throw error instanceof ConfigProblem ? problemIn(document, place, toWritten(error)) : error
    }
  }
  const value = located(
    () => camelCased(document.value ?? {}, []),
    (problem) => problem,
  )
  const context = {
    directory: dirname(file),
    homeDirectory,
    isTrusted,
    placeOf: (keys: ConfigKeys) => `${file}:${document.lineOf(snaked(keys))}`,
  }
  return located(
    () => parseNexusYaml(value, context),
    (problem) => new ConfigProblem(snaked(problem.keys), inSnakeCase(problem)),
  )
}

interface ParseContext extends SourceContext {
  readonly isTrusted: boolean
  readonly placeOf: (keys: ConfigKeys) => string
}

function parseNexusYaml(value: unknown, context: ParseContext): NexusYaml {
  const fields = readFields(value, names, { what: 'The file' })
  const mode = fields.text('mode') ?? 'embedded'
  if (mode !== 'embedded') throw new ConfigProblem(['mode'], '"mode" is "embedded"; for a server set NEXUS_URL and NEXUS_API_KEY.')
  const packages = fields.list('packages') ?? []
  if (packages.length > 0 && !context.isTrusted) {
    throw new ConfigProblem(
      ['packages'],
      'A nexus.yaml that was merely found names no packages. Trust it by name: connect({ configFile: "./nexus.yaml" }).',
    )
  }
  const dataDir = fields.text('dataDir')
  return {
    dataDir: dataDir === undefined ? undefined : absoluteHostPath(dataDir, context),
    mounts: (fields.list('mounts') ?? []).map((mount, index) => parseMount(mount, { ...context, keys: ['mounts', index] })),
    packages: packages.map((name, index) => checkPackageName(name, ['packages', index])),
    tiers: parseTiers(fields.list('tiers') ?? []),
    cache: parseCacheOptions(isRecord(value) ? value['cache'] : undefined),
  }
}

function parseMount(input: unknown, context: ParseContext & { readonly keys: ConfigKeys }): MountRequest {
  const place = context.placeOf(context.keys)
  try {
    return { ...parseMountSource(input, context), provenance: { place, isUntrusted: !context.isTrusted } }
  } catch (error) {
    if (!isNexusError(error)) throw error
    throw new NexusError(error.code, { op: 'mount', path: error.path, reason: `${place}: ${error.reason}`, cause: error })
  }
}

function parseTiers(tiers: readonly unknown[]): readonly TierRule[] {
  const rules = tiers.map((rule, index) => parseTierRule(rule, ['tiers', index]))
  checkTierRules(rules)
  return rules
}

function checkPackageName(name: unknown, keys: ConfigKeys): string {
  if (typeof name === 'string' && isPackageName(name)) return name
  throw new ConfigProblem(keys, 'A package is the name of an npm package, without version or path.')
}

/** Names as the code has them; the file has them in snake_case, and says each one once. */
function camelCased(value: unknown, keys: ConfigKeys): unknown {
  if (Array.isArray(value)) return value.map((item, index) => camelCased(item, [...keys, index]))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const here = [...keys, name]
      if (!isSnakeCase(name))
        throw new ConfigProblem(
          here,
          `Names in nexus.yaml are written in snake_case: "${toSnakeCase(name).replace(/^_/, '')}", not "${name}".`,
        )
      return [toCamelCase(name), camelCased(inner, here)]
    }),
  )
}

/** Problems are found in camelCase; the person looks at the file. */
function snaked(keys: ConfigKeys): ConfigKeys {
  return keys.map((key) => (typeof key === 'string' ? toSnakeCase(key) : key))
}

function inSnakeCase({ message }: ConfigProblem): string {
  return message.replace(/\b(?:dataDir|mountPoint|backendType|backendConfig|olderThan|idleFor|largerThan|smallerThan)\b/g, toSnakeCase)
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ENOENT') return undefined
    throw new NexusError('invalid_config', { op: 'mount', reason: `${file} cannot be read (${String(error.code)}).`, cause: error })
  }
}
