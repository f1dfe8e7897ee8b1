import type { Backend, ByteRange, Capabilities, Entry, FileContent, FileStat, ListOptions, ReadOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { baseName, compareUtf8, type Path } from '../contract/paths.ts'
import { noCapabilities } from './capabilities.ts'

/** A file that the kernel makes when it is read. */
export interface SystemFile {
  readonly contentType: string
  readonly render: () => string
}

const capabilities: Capabilities = { ...noCapabilities, ranges: true }

/** The kernel's own files: one flat, read-only directory whose contents are made at each read. Sizes are not told, as they change. */
export function systemBackend(files: Readonly<Record<string, SystemFile>>): Backend {
  const refuse =
    (op: string) =>
    (path: Path): Promise<never> =>
      Promise.reject(new NexusError('read_only', { op, path, backend: 'nexus' }))
  return {
    scheme: 'nexus',
    capabilities,
    stat: async (path) => await Promise.resolve(statOf(files, 'stat', path)),
    read: async (path, options) => await Promise.resolve(contentOf(files, path, options)),
    list: (path, options) => entriesOf(files, path, options),
    write: refuse('write'),
    delete: refuse('delete'),
    mkdir: refuse('mkdir'),
    close: () => Promise.resolve(),
  }
}

function statOf(files: Readonly<Record<string, SystemFile>>, op: string, path: Path): FileStat {
  if (path === '/') return { path, kind: 'directory', metadata: {} }
  const name = path.slice(1)
  const file = Object.hasOwn(files, name) ? files[name] : undefined
  if (file === undefined)
    throw new NexusError('not_found', { op, path, backend: 'nexus', reason: `The kernel's files are ${Object.keys(files).join(', ')}.` })
  return { path, kind: 'file', etag: crypto.randomUUID(), contentType: file.contentType, metadata: {} }
}

function contentOf(files: Readonly<Record<string, SystemFile>>, path: Path, { range, signal }: ReadOptions = {}): FileContent {
  signal?.throwIfAborted()
  const stat = statOf(files, 'read', path)
  if (stat.kind === 'directory') throw new NexusError('is_directory', { op: 'read', path, backend: 'nexus' })
  const bytes = slice(new TextEncoder().encode(files[path.slice(1)]?.render()), range)
  return {
    stat,
    bytes: () => Promise.resolve(bytes),
    text: () => Promise.resolve(new TextDecoder().decode(bytes)),
    stream: () => new Blob([bytes]).stream(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function slice(bytes: Uint8Array<ArrayBuffer>, range: ByteRange | undefined): Uint8Array<ArrayBuffer> {
  if (range === undefined) return bytes
  if ('suffix' in range) return bytes.slice(Math.max(0, bytes.length - range.suffix))
  return bytes.slice(range.offset, range.length === undefined ? undefined : range.offset + range.length)
}

async function* entriesOf(
  files: Readonly<Record<string, SystemFile>>,
  path: Path,
  { startAfter = '', limit = Infinity, signal }: ListOptions = {},
): AsyncGenerator<Entry> {
  signal?.throwIfAborted()
  if (statOf(files, 'list', path).kind === 'file') throw new NexusError('not_directory', { op: 'list', path, backend: 'nexus' })
  const names = Object.keys(files)
    .sort(compareUtf8)
    .filter((name) => compareUtf8(name, startAfter) > 0)
  for (const name of names.slice(0, limit === Infinity ? undefined : limit))
    yield await Promise.resolve({ name: baseName(`/${name}` as Path), ...statOf(files, 'list', `/${name}` as Path) })
}
