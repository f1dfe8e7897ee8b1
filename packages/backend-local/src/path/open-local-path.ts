import { relative, sep } from 'node:path'
import { type Backend, type Capabilities, encodeSegment, NexusError, type OpenContext, type Path } from '@nexus/core/contract'
import type { LocalConfig } from '../config.ts'
import { type Activity, type Call, createActivity } from './activity.ts'
import { append } from './append.ts'
import { openAttributes } from './attributes.ts'
import { changes } from './changes.ts'
import type { PathContext } from './context.ts'
import { copy } from './copy.ts'
import { deletePath } from './delete.ts'
import { toNexusError } from './errors.ts'
import { list } from './list.ts'
import { mkdir } from './mkdir.ts'
import { isInside } from './nested.ts'
import { createOpenFiles } from './open-files.ts'
import { refuseRoot, toRealPath } from './refuse-root.ts'
import { read } from './read.ts'
import { rename } from './rename.ts'
import { openRoot } from './root.ts'
import { setMetadata } from './set-metadata.ts'
import { stat } from './stat.ts'
import { createTemporaries } from './temporaries.ts'
import { usage } from './usage.ts'
import { write } from './write.ts'
import { createWriteOrder } from './write-order.ts'

const capabilities: Capabilities = {
  fidelity: 'bytes',
  layout: 'path',
  readonly: false,
  ifMatch: 'cooperative',
  ifNoneMatch: 'native',
  ranges: true,
  append: true,
  metadata: true,
  emptyDirectories: true,
  rename: 'atomic',
  directoryRename: 'atomic',
  copy: 'server',
  batch: false,
  versions: false,
  snapshots: false,
  changes: 'live',
  search: false,
  presign: false,
}

/**
 * Opens a directory tree as it is: layout `path`. Nothing is written before the first change, and the directory need not be there.
 * @throws NexusError `invalid_config` when the directory lies in a repository or in Nexus' own state, or is a file
 */
export async function openLocalPath(config: LocalConfig, context: OpenContext): Promise<Backend> {
  context.signal?.throwIfAborted()
  try {
    return assemble(await Promise.resolve(createContext(config, context)))
  } catch (error) {
    throw toNexusError(error, { op: 'mount', path: config.dataDir })
  }
}

interface OpenedContext extends PathContext {
  readonly close: () => Promise<void>
}

function createContext(config: LocalConfig, { now, random, privateDirectories }: OpenContext): OpenedContext {
  const place = toRealPath(config.dataDir)
  refuseRoot(place, { layout: 'path', privateDirectories })
  const root = openRoot(place, config.durability)
  const temporaries = createTemporaries({ now, random })
  const attributes = openAttributes(root, config.durability, temporaries)
  const order = createWriteOrder(root, { now, random, mark: attributes.mark })
  const closing = new AbortController()
  const activity = createActivity()
  const openFiles = createOpenFiles()
  const privatePaths = toPrivatePaths(place, privateDirectories)
  const close = async (): Promise<void> => {
    closing.abort(closedError())
    openFiles.closeAll()
    await activity.close()
    await order.close()
    attributes.close()
    root.close()
  }
  return { config, now, random, privatePaths, root, attributes, order, temporaries, closing: closing.signal, activity, openFiles, unsynced: new Map(), close }
}

function assemble(context: OpenedContext): Backend {
  const { activity } = context
  const call = (op: string, path: Path, options: { readonly signal?: AbortSignal | undefined } | undefined): Call => ({ op, path, signal: options?.signal })
  let closed: Promise<void> | undefined
  return {
    scheme: 'local',
    capabilities,
    stat: (path, options) => activity.run(call('stat', path, options), () => stat(context, path, options)),
    read: (path, options) => activity.run(call('read', path, options), () => read(context, path, options)),
    write: (path, body, options) => activity.run(call('write', path, options), () => write(context, path, body, options)),
    delete: (path, options) => activity.run(call('delete', path, options), () => deletePath(context, path, options)),
    list: (path, options) => iterate(activity, call('list', path, options), () => list(context, path, options)),
    mkdir: (path, options) => activity.run(call('mkdir', path, options), () => mkdir(context, path, options)),
    setMetadata: (path, patch, options) => activity.run(call('setMetadata', path, options), () => setMetadata(context, path, patch, options)),
    append: (path, body, options) => activity.run(call('append', path, options), () => append(context, path, body, options)),
    rename: (from, to, options) => activity.run(call('rename', from, options), () => rename(context, from, to, options)),
    copy: (from, to, options) => activity.run(call('copy', from, options), () => copy(context, from, to, options)),
    changes: (path, options) => iterate(activity, call('changes', path, options), () => changes(context, path, options)),
    usage: (path, options) => activity.run(call('usage', path, options), () => usage(context, path, options)),
    close: () => (closed ??= context.close()),
  }
}

/** Each step of an iteration is a call: counted, and its failures told as Nexus does. */
async function* iterate<T>(activity: Activity, call: Call, start: () => AsyncGenerator<T>): AsyncGenerator<T> {
  const steps = start()
  try {
    for (;;) {
      const step = await activity.run(call, () => steps.next())
      if (step.done === true) return
      yield step.value
    }
  } finally {
    await steps.return(undefined)
  }
}

/** Nexus' own directories as paths of this tree. */
function toPrivatePaths(place: string, privateDirectories: readonly string[]): Path[] {
  const below = privateDirectories.map(toRealPath).filter((directory) => isInside(directory, place))
  return below.map((directory) => `/${relative(place, directory).split(sep).map((name) => encodeSegment(Buffer.from(name))).join('/')}` as Path)
}

function closedError(): NexusError {
  return new NexusError('unavailable', { reason: 'The mount was closed.' })
}
