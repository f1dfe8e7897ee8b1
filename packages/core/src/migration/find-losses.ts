import type { Backend, Capabilities, Entry } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { baseName, type Path, relativePath, underPath } from '../contract/paths.ts'
import { walk } from '../facade/walk.ts'
import type { MigrationLoss, MigrateProgress } from './migrate-options.ts'

/** Both storages, each at its place. */
export interface MigrationSides {
  readonly backend: Backend
  readonly from: Path
  readonly to: Path
}

/** What lies in a storage before it is migrated. */
export interface Survey {
  readonly files: number
  readonly directories: number
  readonly bytes: number
  readonly losses: readonly MigrationLoss[]
  /** Keys below the root of files and directories that cannot be read here, or that the other storage refuses. */
  readonly refused: ReadonlySet<string>
}

interface Looking {
  readonly signal: AbortSignal
  readonly onProgress: (progress: MigrateProgress) => void
}

/** Goes through a storage once, without reading what files hold, and finds what the other one cannot take. */
export async function findLosses(sides: MigrationSides, { signal, onProgress }: Looking): Promise<Survey> {
  const { backend, from, to } = sides
  const [source, target] = [capabilitiesAt(backend, from), capabilitiesAt(backend, to)]
  const tally = createLosses()
  const counts = { files: 0, directories: 0, bytes: 0 }
  const refused = new Set<string>()
  let open: Entry | undefined
  for await (const entry of walk(backend, from, { op: 'migrate', signal, fresh: true, crossMounts: false })) {
    if (open !== undefined && !entry.path.startsWith(`${open.path}/`) && !target.emptyDirectories) tally.lose('emptyDirectories', open.path)
    open = entry.kind === 'directory' ? entry : undefined
    const left = await leftBehind(sides, entry, signal)
    if (left !== undefined) tally.lose(left.kind, entry.path, left.why)
    else if (!target.metadata && source.metadata && mayHaveMetadata(entry)) tally.lose('metadata', entry.path)
    // A link shows itself; what replaces it until the switch is taken.
    if (left !== undefined && left.kind !== 'links') refused.add(relativePath(entry.path, from).slice(1))
    if (entry.kind === 'directory') counts.directories++
    else {
      counts.files++
      counts.bytes += entry.sizeBytes ?? 0
    }
    onProgress({ phase: 'looking', files: counts.files, bytes: 0 })
  }
  if (open !== undefined && !target.emptyDirectories) tally.lose('emptyDirectories', open.path)
  return { ...counts, refused, losses: [...ofHistory(source), ...tally.losses()] }
}

function capabilitiesAt(backend: Backend, path: Path): Capabilities {
  return backend.capabilitiesAt?.(path) ?? backend.capabilities
}

const reasons = {
  metadata: 'the other storage keeps no metadata',
  links: 'links are never followed, and no other storage can hold them, nor directories that hold nothing else',
  specials: 'nothing in them could be copied',
  emptyDirectories: 'the other storage keeps no directory in which nothing is',
  files: 'the other storage cannot hold them',
} satisfies Partial<Record<MigrationLoss['kind'], string>>

type Counted = keyof typeof reasons

function createLosses(): { readonly lose: (kind: Counted, path: Path, why?: string) => void; readonly losses: () => MigrationLoss[] } {
  const found = new Map<Counted, { count: number; readonly path: Path; readonly why: string }>()
  return {
    lose: (kind, path, why = reasons[kind]) => {
      const known = found.get(kind)
      if (known === undefined) found.set(kind, { count: 1, path, why })
      else known.count++
    },
    losses: () => [...found].map(([kind, { count, path, why }]) => ({ kind, count, path, reason: why })),
  }
}

/** Of what a storage has kept of the past nothing goes along: no storage lets it be written. */
function ofHistory({ versions, snapshots }: Capabilities): MigrationLoss[] {
  return [
    ...(versions ? [{ kind: 'versions', reason: 'earlier versions of files stay in the old storage' } as const] : []),
    ...(snapshots ? [{ kind: 'snapshots', reason: 'snapshots stay in the old storage' } as const] : []),
  ]
}

function mayHaveMetadata({ kind, metadata }: Entry): boolean {
  return kind === 'file' && (metadata === undefined || Object.keys(metadata).length > 0)
}

/** Why something stays as a whole. */
interface LeftBehind {
  readonly kind: 'links' | 'specials' | 'files'
  readonly why?: string | undefined
}

async function leftBehind(sides: MigrationSides, entry: Entry, signal: AbortSignal): Promise<LeftBehind | undefined> {
  if (entry.metadata?.['symlink'] !== undefined) return { kind: 'links' }
  const unreadable = await whyUnreadable(sides.backend, entry, signal)
  if (unreadable !== undefined) return { kind: 'specials', why: unreadable }
  const why = await whyRefused(sides, entry, signal)
  return why === undefined ? undefined : { kind: 'files', why }
}

/** Devices, FIFOs and sockets look like empty files, until somebody reads them. */
async function whyUnreadable(backend: Backend, { path, kind, sizeBytes, digest }: Entry, signal: AbortSignal): Promise<string | undefined> {
  if (kind === 'directory' || sizeBytes !== 0 || digest !== undefined) return undefined
  try {
    const content = await backend.read(path, { fresh: true, signal })
    await content[Symbol.asyncDispose]()
    return undefined
  } catch (error) {
    if (isNexusError(error, 'unsupported')) return error.reason
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}

/** Names that every storage can hold, so that none has to be asked. */
const plainName = /^[A-Za-z0-9_()+=@~,-][A-Za-z0-9_ .()+=@~,-]{0,199}$/

async function whyRefused({ backend, from, to }: MigrationSides, { path, kind, sizeBytes = 0 }: Entry, signal: AbortSignal): Promise<string | undefined> {
  const { maxSizeBytes = Infinity } = capabilitiesAt(backend, to)
  if (kind === 'file' && sizeBytes > maxSizeBytes) return `a file there has at most ${maxSizeBytes} bytes`
  if (plainName.test(baseName(path))) return undefined
  try {
    await backend.stat(underPath(to, relativePath(path, from)), { signal })
    return undefined
  } catch (error) {
    if (isNexusError(error, 'invalid_path') || isNexusError(error, 'unsupported') || isNexusError(error, 'permission_denied')) return error.reason
    if (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')) return undefined
    throw error
  }
}
