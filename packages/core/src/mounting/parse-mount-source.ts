import { join, resolve } from 'node:path'
import type { Backend } from '../contract/backend.ts'
import { parsePath } from '../contract/paths.ts'
import { type MountSpec, parseUri } from '../contract/uri.ts'
import { type ConfigKeys, ConfigProblem } from './config-problem.ts'
import type { MountRequest, SourceContext } from './mount-source.ts'
import { isRecord } from './parse-manifest.ts'
import { describe, readFields } from './read-fields.ts'

const common = ['name', 'readonly', 'priority']
const uriKeys = ['uri', 'at', ...common, 'options']
const backendKeys = ['backend', 'at', ...common]
const configKeys = ['mountPoint', 'backendType', 'backendConfig', ...common]

/**
 * Checks what somebody wants to mount. Relative paths of `local` become absolute.
 * @throws ConfigProblem naming the key, NexusError `invalid_config` for a malformed URI, `invalid_path` for a mount point that is none.
 */
export function parseMountSource(input: unknown, context: SourceContext): MountRequest {
  const { keys = [] } = context
  if (typeof input === 'string') return parseUriSource({ uri: input }, context)
  if (!isRecord(input))
    throw new ConfigProblem(keys, `A mount is a URI or an object with "uri", "backend" or "backendType", not ${describe(input)}.`)
  if ('backend' in input) return parseBackendSource(input, keys)
  if ('backendType' in input || 'mountPoint' in input) return parseConfigSource(input, context)
  return parseUriSource(input, context)
}

function parseUriSource(input: unknown, context: SourceContext): MountRequest {
  const { directory, keys = [] } = context
  const fields = readFields(input, uriKeys, { keys, what: 'A mount' })
  const uri = fields.text('uri')
  if (uri === undefined) throw new ConfigProblem(keys, 'A mount has "uri", as in { uri: "local://./data" }.')
  const spec = anchor(parseUri(uri, { cwd: directory }), context)
  const at = fields.text('at')
  const mountPoint = at === undefined ? spec.mountPoint : parsePath(at)
  return { kind: 'uri', spec, mountPoint, shown: uri, options: fields.record('options') ?? {}, ...commonFields(fields) }
}

function parseBackendSource(input: Record<string, unknown>, keys: ConfigKeys): MountRequest {
  const fields = readFields(input, backendKeys, { keys, what: 'A mount' })
  const { backend } = input
  if (!isBackend(backend))
    throw new ConfigProblem(
      [...keys, 'backend'],
      '"backend" of a mount is an open Backend; a definition goes to `backends`, by its scheme.',
    )
  const at = fields.text('at')
  if (at === undefined) throw new ConfigProblem(keys, 'A mount of a backend says where: { backend, at: "/place" }.')
  return { kind: 'backend', backend, mountPoint: parsePath(at), shown: at, ...commonFields(fields) }
}

function parseConfigSource(input: Record<string, unknown>, context: SourceContext): MountRequest {
  const { keys = [] } = context
  const fields = readFields(input, configKeys, { keys, what: 'A mount' })
  const [mountPoint, backendType] = [fields.text('mountPoint'), fields.text('backendType')]
  if (mountPoint === undefined || backendType === undefined)
    throw new ConfigProblem(keys, 'A mount has both "mountPoint" and "backendType".')
  const { dataDir, ...rest } = fields.record('backendConfig') ?? {}
  const anchored = backendType === 'local' && typeof dataDir === 'string' ? absoluteHostPath(dataDir, context) : dataDir
  const options = dataDir === undefined ? rest : { dataDir: anchored, ...rest }
  return { kind: 'config', backendType, options, mountPoint: parsePath(mountPoint), shown: mountPoint, ...commonFields(fields) }
}

function commonFields(fields: ReturnType<typeof readFields>): Pick<MountRequest, 'name' | 'readonly' | 'priority'> {
  return { name: fields.text('name'), readonly: fields.truth('readonly'), priority: fields.integer('priority') }
}

/** The directory of a `local` mount, absolute, so that a later `chdir` moves nothing. */
function anchor(spec: MountSpec, context: SourceContext): MountSpec {
  return spec.scheme === 'local' ? { ...spec, authority: absoluteHostPath(spec.authority, context) } : spec
}

/** A host path as `local` mounts write it: relative ones start from the context's directory, `~` is the user's home. */
export function absoluteHostPath(path: string, { directory, homeDirectory }: Pick<SourceContext, 'directory' | 'homeDirectory'>): string {
  return path === '~' || path.startsWith('~/') ? join(homeDirectory, path.slice(1)) : resolve(directory, path)
}

const backendVerbs = ['stat', 'read', 'write', 'delete', 'list', 'mkdir', 'close']

function isBackend(input: unknown): input is Backend {
  return isRecord(input) && isRecord(input['capabilities']) && backendVerbs.every((verb) => typeof input[verb] === 'function')
}
