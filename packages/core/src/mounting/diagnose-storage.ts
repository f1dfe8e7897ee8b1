import { type Diagnosis } from '../contract/definition.ts'
import { isNexusError, relocateError } from '../contract/errors.ts'
import { checkedFor } from './config-problem.ts'
import { type Environment, processEnvironment } from './environment.ts'
import type { InspectOptions } from './inspect-storage.ts'
import type { UriSource } from './mount-source.ts'
import { openContext } from './open-context.ts'
import { parseMountSource } from './parse-mount-source.ts'
import { prepareBackend } from './prepare-backend.ts'

/**
 * What a backend says of a mount without mounting it: where it looked for credentials, and what its service does to what is stored.
 * @returns `undefined` where the backend has nothing to say, as for a local directory
 * @throws NexusError `invalid_config`, `unavailable` (with the install command for a missing package)
 */
export async function diagnoseStorage(source: string | UriSource, options: InspectOptions = {}): Promise<Diagnosis | undefined> {
  return await diagnoseStorageIn(processEnvironment(), source, options)
}

async function diagnoseStorageIn(environment: Environment, source: string | UriSource, { signal, ...registry }: InspectOptions): Promise<Diagnosis | undefined> {
  const { workingDirectory: directory, homeDirectory } = environment
  const request = checkedFor('open', () => parseMountSource(source, { directory, homeDirectory }))
  if (request.kind === 'backend') return undefined
  try {
    const { definition, config, settings } = (await prepareBackend(request, { ...registry, environment })).openable
    return await definition.diagnose?.(config, openContext(environment, { signal, writers: settings.writers }))
  } catch (error) {
    throw isNexusError(error) ? relocateError(error, { op: 'open', path: request.shown }) : error
  }
}
