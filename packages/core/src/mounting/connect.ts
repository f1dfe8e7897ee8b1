import { join, resolve } from 'node:path'
import { NexusError } from '../contract/errors.ts'
import { createKernel } from '../kernel/kernel.ts'
import { moveJournalIn } from '../moves/move-journal-in.ts'
import { type CacheOptions, parseCacheOptions } from './cache-layers.ts'
import { checkedFor, ConfigProblem } from './config-problem.ts'
import { connectRemote } from './connect-remote.ts'
import { coreVersion } from './core-version.ts'
import { type Environment, processEnvironment } from './environment.ts'
import type { GivenBackends } from './load-definition.ts'
import type { MountRequest, MountSource } from './mount-source.ts'
import { absoluteHostPath, parseMountSource } from './parse-mount-source.ts'
import { embeddedNexusFS, type NexusFS } from './nexus-fs.ts'
import { type NexusYaml, readNexusYaml } from './nexus-yaml.ts'
import { openMounts } from './open-mounts.ts'
import { installCommand } from './package-manager.ts'
import { isRecord } from './parse-manifest.ts'
import { readFields } from './read-fields.ts'
import { parseTierRule, type TierSource } from '../tiering/parse-tier-rule.ts'
import type { TierRule } from '../tiering/rule.ts'
import { tiersOf } from './tiers-of.ts'
import { resolvePackage } from './resolve-package.ts'
import { searchBases } from './third-party.ts'

/** What to connect to: this process, a server, or what a file says. */
export type ConnectConfig =
  | {
      readonly mode?: 'embedded' | undefined
      /** Host path of the repository at `/workspace`; default `./nexus-data` when there are no mounts either. */
      readonly dataDir?: string | undefined
      readonly mounts?: readonly MountSource[] | undefined
      /** Rules by which files belong to other storage; `tier()` runs them. */
      readonly tiers?: readonly TierSource[] | undefined
    }
  | {
      /** Base URL of a server. */
      readonly url: string
      readonly apiKey?: string | undefined
    }
  | {
      /** A `nexus.yaml`, trusted because it is named. */
      readonly configFile: string
    }

/** How to connect. */
export interface ConnectOptions {
  /** Definitions, or functions that import one, by scheme; they win over everything installed. */
  readonly backends?: GivenBackends | undefined
  /** `import.meta.url` of the application: where packages are looked for first. */
  readonly resolveFrom?: string | undefined
  /** A backend that cannot be opened stands all the same, and answers `unavailable` with the reason. */
  readonly skipUnavailable?: boolean | undefined
  /** Bounds of what is remembered of contents on this machine; `false` remembers neither contents nor stats nor listings. Wins over the file's. */
  readonly cache?: CacheOptions | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Connects by the argument, else by `NEXUS_URL` and `NEXUS_API_KEY`, else by `./nexus.yaml`, else to a repository in `./nexus-data`, mounted at
 * `/workspace`. `mounts.json` is neither read nor written.
 * @throws NexusError `invalid_config`, `unavailable` (a missing package, with the install command), and what opening a backend fails with
 */
export async function connect(config?: ConnectConfig, options: ConnectOptions = {}): Promise<NexusFS> {
  return await connectIn(processEnvironment(), config, options)
}

/** {@link connect}, in an environment that tests can make. */
export async function connectIn(environment: Environment, config?: unknown, options: ConnectOptions = {}): Promise<NexusFS> {
  options.signal?.throwIfAborted()
  const chosen = checkedFor('connect', () => parseConfig(config, environment))
  if (chosen.kind === 'remote')
    return await connectRemote({ ...chosen.server, signal: options.signal }, { environment, resolveFrom: options.resolveFrom })
  if (chosen.kind === 'embedded') return await openEmbedded({ ...chosen, packages: [] }, { environment, options })
  const { file, isTrusted } = chosen
  const yaml = await readNexusYaml(file, { homeDirectory: environment.homeDirectory, isTrusted })
  if (yaml === undefined && isTrusted)
    throw new NexusError('invalid_config', { op: 'connect', reason: `The configuration file ${file} does not exist.` })
  return await openEmbedded({ ...(yaml ?? { dataDir: undefined, mounts: [], packages: [], tiers: [] }), file }, { environment, options })
}

type Chosen =
  | { readonly kind: 'remote'; readonly server: { readonly serverUrl: string; readonly apiKey: string | undefined } }
  | { readonly kind: 'embedded'; readonly dataDir: string | undefined; readonly mounts: readonly MountRequest[]; readonly tiers: readonly TierRule[] }
  | { readonly kind: 'file'; readonly file: string; readonly isTrusted: boolean }

function parseConfig(config: unknown, environment: Environment): Chosen {
  const { env, workingDirectory } = environment
  if (config === undefined) {
    const url = env['NEXUS_URL']
    if (url === undefined || url === '') return { kind: 'file', file: join(workingDirectory, 'nexus.yaml'), isTrusted: false }
    return { kind: 'remote', server: { serverUrl: url, apiKey: env['NEXUS_API_KEY'] } }
  }
  if (isRecord(config) && 'url' in config) return parseRemote(config)
  if (isRecord(config) && 'configFile' in config) return parseFile(config, workingDirectory)
  return parseEmbedded(config, environment)
}

function parseRemote(config: unknown): Chosen {
  const fields = readFields(config, ['url', 'apiKey'], { what: 'The configuration of a server' })
  return { kind: 'remote', server: { serverUrl: fields.text('url') ?? '', apiKey: fields.text('apiKey') } }
}

function parseFile(config: unknown, workingDirectory: string): Chosen {
  const file = readFields(config, ['configFile'], { what: 'The configuration' }).text('configFile')
  if (file === undefined || file === '') throw new ConfigProblem(['configFile'], '"configFile" names a file, for example "./nexus.yaml".')
  return { kind: 'file', file: resolve(workingDirectory, file), isTrusted: true }
}

function parseEmbedded(config: unknown, { workingDirectory, homeDirectory }: Environment): Chosen {
  const fields = readFields(config, ['mode', 'dataDir', 'mounts', 'tiers'], { what: 'The configuration' })
  const mode = fields.text('mode') ?? 'embedded'
  if (mode !== 'embedded') throw new ConfigProblem(['mode'], '"mode" is "embedded"; for a server give { url, apiKey }.')
  const context = { directory: workingDirectory, homeDirectory }
  const dataDir = fields.text('dataDir')
  const mounts = (fields.list('mounts') ?? []).map((mount, index) => parseMountSource(mount, { ...context, keys: ['mounts', index] }))
  const tiers = (fields.list('tiers') ?? []).map((rule, index) => parseTierRule(rule, ['tiers', index]))
  return { kind: 'embedded', dataDir: dataDir === undefined ? undefined : absoluteHostPath(dataDir, context), mounts, tiers }
}

interface EmbeddedContext {
  readonly environment: Environment
  readonly options: ConnectOptions
}

async function openEmbedded(
  config: NexusYaml & { readonly file?: string | undefined },
  { environment, options }: EmbeddedContext,
): Promise<NexusFS> {
  const { workingDirectory, homeDirectory } = environment
  const { backends, resolveFrom, cache: given, ...opening } = options
  const cache = given === undefined ? config.cache : checkedFor('connect', () => parseCacheOptions(given))
  const packages = config.packages.map((name) => ({ name, base: config.file ?? workingDirectory }))
  const registry = { backends, resolveFrom, environment, packages }
  checkInstalled(packages, registry)
  const context = { directory: workingDirectory, homeDirectory }
  const dataDir = config.dataDir ?? (config.mounts.length === 0 ? join(workingDirectory, 'nexus-data') : undefined)
  const workspace = dataDir === undefined ? [] : [workspaceMount(dataDir)]
  const kernel = createKernel({ version: coreVersion(), moveJournal: moveJournalIn(environment) })
  const mounts = [...workspace, ...config.mounts]
  const tiers = await tiersOf(kernel, { rules: config.tiers, mounts, environment })
  await openMounts(kernel, mounts, { registry, tiers, cache, ...opening })
  return embeddedNexusFS(kernel, context, { registry, tiers, cache })
}

/** A repository that takes its directory as it is: a default that turned into `path` because of a stray file would surprise. */
function workspaceMount(dataDir: string): MountRequest {
  const source = { mountPoint: '/workspace', backendType: 'local', backendConfig: { dataDir, layout: 'cas' } }
  return parseMountSource(source, { directory: dataDir, homeDirectory: dataDir })
}

function checkInstalled(
  packages: readonly { readonly name: string; readonly base: string }[],
  { environment, resolveFrom }: { readonly environment: Environment; readonly resolveFrom: string | undefined },
): void {
  for (const { name, base } of packages) {
    if (resolvePackage(name, [base, ...searchBases({ environment, resolveFrom })]) !== undefined) continue
    throw new NexusError('unavailable', {
      op: 'connect',
      reason: `The package ${name}, which ${base} names, is not installed. Install it: ${installCommand(name, environment)}`,
    })
  }
}
