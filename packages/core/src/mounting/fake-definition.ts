import { noCapabilities } from '../kernel/capabilities.ts'
import type { Backend } from '../contract/backend.ts'
import type { BackendDefinition, OpenContext } from '../contract/definition.ts'
import { NexusError } from '../contract/errors.ts'
import type { Environment } from './environment.ts'
import { processEnvironment } from './environment.ts'

/** For tests: a definition that writes down what happens to it, over a backend that holds one empty directory. */
export interface FakeDefinition extends BackendDefinition {
  /** `open <config>` and `close <config>`, in order. */
  readonly events: string[]
  readonly contexts: OpenContext[]
}

/** What a {@link FakeDefinition} does otherwise than well. */
export interface FakeOptions {
  readonly scheme?: string | undefined
  /** Opening fails with what this gives for a configuration. */
  readonly failure?: ((config: unknown) => Error | undefined) | undefined
  /** Opening waits for this. */
  readonly until?: Promise<void> | undefined
  readonly layout?: 'cas' | 'path' | 'empty' | undefined
}

/** For tests: see {@link FakeDefinition}. */
export function fakeDefinition({ scheme = 'fake', failure, until, layout }: FakeOptions = {}): FakeDefinition {
  const events: string[] = []
  const contexts: OpenContext[] = []
  return {
    scheme,
    contract: 1,
    events,
    contexts,
    fromUri: ({ authority, path, options }) => ({ ...options, name: [authority, path].filter((part) => part !== '').join('/') }),
    parseConfig: (input) => {
      const unknown = Object.keys(input as object).find(
        (name) => !['name', 'token', 'region', 'dataDir', 'durability', 'credentialsPath'].includes(name),
      )
      if (unknown !== undefined) throw new NexusError('invalid_config', { reason: `Unknown option "${unknown}".` })
      return input
    },
    open: async (config, context) => {
      contexts.push(context)
      await until
      const error = failure?.(config)
      if (error !== undefined) throw error
      events.push(`open ${JSON.stringify(config)}`)
      return fakeBackend(scheme, () => events.push(`close ${JSON.stringify(config)}`))
    },
    ...(layout === undefined ? {} : { detectLayout: () => Promise.resolve(layout) }),
  }
}

/** For tests: a backend that holds one empty directory. */
export function fakeBackend(scheme: string, onClose: () => void = () => undefined): Backend {
  const refuse = (op: string) => (): Promise<never> => Promise.reject(new NexusError('not_found', { op }))
  return {
    scheme,
    capabilities: { ...noCapabilities, readonly: false },
    stat: (path) => Promise.resolve({ path, kind: 'directory', metadata: {} }),
    read: refuse('read'),
    write: refuse('write'),
    delete: refuse('delete'),
    mkdir: refuse('mkdir'),
    list: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }) }),
    close: async () => {
      onClose()
      await Promise.resolve()
    },
  }
}

/** For tests: an environment whose directories are all below `root`, and whose warnings are kept. */
export function fakeEnvironment(root: string, changes: Partial<Environment> = {}): Environment & { readonly warnings: string[] } {
  const warnings: string[] = []
  return {
    ...processEnvironment(),
    env: { NEXUS_FS_STATE_DIR: `${root}/state`, NEXUS_HOME: `${root}/home` },
    workingDirectory: root,
    homeDirectory: root,
    entryScript: undefined,
    warn: (message) => void warnings.push(message),
    warnings,
    ...changes,
  }
}
