import { type InspectedStorage, readMounts, rememberedSource, type UriSource } from '@nexus/core'
import { isNexusError, isWithin, NexusError, type Path } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { parseNexusOperand } from '../paths/operand.ts'
import { mountForUri, mountsAlongUri } from '../paths/uri-mount.ts'
import { inspectStorage } from '../with-local.ts'

/** A repository, found and not opened yet. */
export interface FoundRepository {
  readonly storage: InspectedStorage
  /** A path of the repository as the person writes it. */
  readonly shown: (inner: string) => string
}

interface Candidate {
  readonly source: UriSource
  readonly shown: (inner: string) => string
}

/**
 * Finds the repository that holds a path or that a URI names, whatever keeps it; nothing is mounted.
 * @throws NexusError `mount_not_found`, `unsupported` where no repository can be or stands, `not_found` before its first write
 */
export async function findRepository(cli: Cli, text: string): Promise<FoundRepository> {
  let found: InspectedStorage | undefined
  for (const { source, shown } of await candidatesFor(cli, text)) {
    found = await inspectStorage(source, { signal: cli.signal }).catch((error: unknown) => {
      // The hint of layout=cas would mislead somebody who only named a place.
      if (isNexusError(error, 'unsupported')) throw new NexusError('unsupported', { path: text, backend: error.backend, reason: error.reason, cause: error })
      throw error
    })
    if (found.holds === 'repository' || found.holds === 'damaged') return { storage: found, shown }
  }
  throw noRepository(text, found)
}

function noRepository(text: string, found: InspectedStorage | undefined): NexusError {
  if (found?.holds === 'nothing') return new NexusError('not_found', { path: text, backend: found.scheme, reason: 'There is no repository yet: its first write makes one.' })
  const reason = 'No repository stands there, only plain files. A repository begins in an empty place, or where ?layout=cas says so.'
  return new NexusError('unsupported', { path: text, backend: found?.scheme, reason })
}

async function candidatesFor(cli: Cli, text: string): Promise<readonly Candidate[]> {
  const operand = parseNexusOperand(text)
  if (operand.kind === 'nexus') return [await candidateForPath(operand.path)]
  const { workingDirectory } = cli
  return [...mountsAlongUri(operand.uri, { workingDirectory }), mountForUri(operand.uri, { workingDirectory })].map(({ uri, shown }) => ({ source: { uri }, shown }))
}

/** The mount that answers at the path. */
async function candidateForPath(path: Path): Promise<Candidate> {
  const holders = (await readMounts()).filter(({ mountPoint }) => isWithin(path, mountPoint))
  const [nearest] = holders.sort((left, right) => (right.priority ?? 0) - (left.priority ?? 0) || right.mountPoint.length - left.mountPoint.length)
  if (nearest === undefined) throw new NexusError('mount_not_found', { path })
  const { mountPoint } = nearest
  return { source: rememberedSource(nearest), shown: (inner) => (mountPoint === '/' ? inner : inner === '/' ? mountPoint : mountPoint + inner) }
}
