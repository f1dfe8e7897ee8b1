import { NexusError } from '@nexus/core/contract'

interface Claim {
  readonly library: unknown
  openings: number
}

/** In the global object, because several copies of this package may be loaded, and all of them have to know. */
const registry = Symbol.for('nexus.local.repositories')

/**
 * Notes that this process has a repository open through one copy of SQLite. Within one copy any number of openings exclude each other; two copies do
 * not see each other's locks, and the first to close a file drops those of the other (docs/decisions/0004-openings-in-one-process.md).
 * @param names Names of the storage: its place, and its identity.
 * @returns Gives the claim back; a second call does nothing.
 * @throws NexusError `busy` when another copy has it open
 */
export function claimRepository(names: readonly string[], library: unknown): () => void {
  const claims = knownClaims()
  for (const name of new Set(names)) {
    const claim = claims.get(name)
    if (claim !== undefined && claim.library !== library) throw busy(name)
  }
  for (const name of new Set(names)) claims.set(name, { library, openings: (claims.get(name)?.openings ?? 0) + 1 })
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    for (const name of new Set(names)) release(claims, name)
  }
}

function release(claims: Map<string, Claim>, name: string): void {
  const claim = claims.get(name)
  if (claim === undefined) return
  claim.openings--
  if (claim.openings === 0) claims.delete(name)
}

function knownClaims(): Map<string, Claim> {
  const shared = globalThis as unknown as Record<symbol, Map<string, Claim> | undefined>
  return (shared[registry] ??= new Map<string, Claim>())
}

function busy(path: string): NexusError {
  return new NexusError('busy', {
    op: 'open',
    path,
    backend: 'local',
    reason: 'This process has the repository open through another copy of better-sqlite3, and the locks of two copies do not exclude each other. Install one version of it (npm dedupe), or close the other opening.',
  })
}
