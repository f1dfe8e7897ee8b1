import { openMemory } from '@nexus/backend-memory'
import { type Backend, type Capabilities, NexusError } from '@nexus/core/contract'

/** The least that a backend may declare. */
const bareCapabilities: Capabilities = {
  fidelity: 'bytes',
  readonly: false,
  ifMatch: false,
  ifNoneMatch: false,
  ranges: false,
  append: false,
  metadata: false,
  emptyDirectories: true,
  rename: false,
  directoryRename: false,
  copy: false,
  batch: false,
  versions: false,
  snapshots: false,
  changes: false,
  search: false,
  presign: false,
}

/** Options that a bare backend must refuse. */
const refusedOptions = ['ifMatch', 'ifNoneMatch', 'range', 'metadata', 'contentType', 'version', 'snapshot']

/** Memory that declares nothing, refuses what it does not declare, and has none of the optional members. */
export function openBare(): Backend {
  const memory = openMemory()
  return {
    scheme: 'memory',
    capabilities: bareCapabilities,
    stat: async (path, options) => memory.stat(path, checked(options)),
    read: async (path, options) => memory.read(path, checked(options)),
    write: async (path, body, options) => memory.write(path, body, checked(options)),
    delete: async (path, options) => memory.delete(path, checked(options)),
    list: async function* (path, options) {
      yield* memory.list(path, checked(options))
    },
    mkdir: (path, options) => memory.mkdir(path, options),
    close: () => memory.close(),
  }
}

/** The same, with members that fail with `unsupported`, as the kernel has them. */
export function openRefusing(): Backend {
  const refuse = (): Promise<never> => Promise.reject(new NexusError('unsupported'))
  const refuseSteps = (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) })
  const iterations = { versions: refuseSteps, snapshots: refuseSteps, changes: refuseSteps, search: refuseSteps }
  return {
    ...openBare(),
    ...iterations,
    append: refuse,
    setMetadata: refuse,
    rename: refuse,
    copy: refuse,
    batch: refuse,
    snapshot: refuse,
    deleteSnapshot: refuse,
    presign: refuse,
  }
}

/** Declares nothing, and does everything that it was asked for. */
export function openDishonest(): Backend {
  return { ...openMemory(), capabilities: { ...bareCapabilities, emptyDirectories: false } }
}

/** Memory that refuses every change. */
export function openReadonly(): Backend {
  const memory = openMemory()
  const refuse = (): Promise<never> => Promise.reject(new NexusError('read_only'))
  const refusals = {
    write: refuse,
    delete: refuse,
    mkdir: refuse,
    append: refuse,
    setMetadata: refuse,
    rename: refuse,
    copy: refuse,
    batch: refuse,
    snapshot: refuse,
    deleteSnapshot: refuse,
  }
  return { ...memory, ...refusals, capabilities: { ...memory.capabilities, readonly: true } }
}

function checked<T extends object>(options: T | undefined): T | undefined {
  const refused = refusedOptions.find((name) => options !== undefined && name in options && options[name as keyof T] !== undefined)
  if (refused !== undefined) throw new NexusError('unsupported', { reason: `The option ${refused} is not declared.` })
  return options
}
