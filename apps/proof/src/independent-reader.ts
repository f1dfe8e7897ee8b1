import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { blake3 } from 'hash-wasm'

/**
 * Reads a repository by docs/repository-format.md alone: nothing of Nexus is imported, only a digest. Everything is checked that the page says can
 * be checked, and anything else than the page says is an error.
 */
export async function readRepository(root: string): Promise<RestoredFile[]> {
  const descriptor = JSON.parse(readFileSync(join(root, 'nexus.json'), 'utf8')) as { marker: string; format: number; digest: 'blake3' | 'sha256' }
  if (descriptor.marker !== 'nexus-repository' || descriptor.format !== 1) throw new Error('This is no repository of format 1.')
  const digest: Digest = (bytes) => (descriptor.digest === 'blake3' ? blake3(bytes) : Promise.resolve(createHash('sha256').update(bytes).digest('hex')))
  const state = await readCheckpoint(root, digest)
  for (const record of readJournal(root, state.sequence)) await applyCommit(state, record, digest)
  const files: RestoredFile[] = []
  for (const [path, content] of walk(state, rootNode, '')) files.push({ path, bytes: await readContent({ root, state, digest }, content) })
  return files
}

/** A file as it was after the last commit. */
export interface RestoredFile {
  readonly path: string
  readonly bytes: Buffer
}

type Digest = (bytes: Uint8Array) => Promise<string>
interface Entry { readonly node: number; readonly digest: string | null }
interface Content { readonly size: number; readonly key: string | null; readonly segment: number | null; readonly offset: number; readonly pieces: string | null }
interface State { sequence: number; previous: string; readonly directories: Map<number, Map<string, Entry>>; readonly contents: Map<string, Content> }
interface Place { readonly directory: number; readonly name: string }
interface Operation extends Place { readonly op: string; readonly node: number; readonly source: number; readonly digest: string; readonly kind: string; readonly key: string; readonly offset: number; readonly to: Place }
interface Header {
  readonly sequence: number
  readonly previous: string
  readonly contents?: readonly { readonly digest: string; readonly size: number; readonly at?: number; readonly key?: string; readonly pieces?: string }[]
  readonly operations: readonly Operation[]
}
interface JournalRecord { readonly header: Header; readonly headerBytes: Buffer; readonly segment: number; readonly contentOffset: number }

const rootNode = 1
const pieceBytes = 1024 * 1024
const piecesPerPart = 8

/** "Checkpoints": the newest whose digest is right, or the empty state. */
async function readCheckpoint(root: string, digest: Digest): Promise<State> {
  for (const name of listNames(root, 'checkpoints').reverse()) {
    const lines = readFileSync(join(root, 'checkpoints', name), 'utf8').split('\n').slice(0, -1)
    const body = lines.slice(0, -1)
    const found = await digest(Buffer.from(body.map((line) => `${line}\n`).join('')))
    if (name.slice(21) !== found || (JSON.parse(lines.at(-1) ?? '{}') as { digest?: string }).digest !== found) continue
    return parseState(body.map((line) => JSON.parse(line) as Record<string, string | number | null>))
  }
  return { sequence: 0, previous: '', directories: new Map(), contents: new Map() }
}

function parseState(lines: readonly Record<string, string | number | null>[]): State {
  const [head] = lines
  const state: State = { sequence: Number(head?.['sequence']), previous: String(head?.['digest']), directories: new Map(), contents: new Map() }
  for (const line of lines) {
    if (line['kind'] === 'entry') put(state, Number(line['directory']), String(line['key']), { node: Number(line['node']), digest: line['digest'] as string | null })
    if (line['kind'] === 'content') state.contents.set(String(line['digest']), line as unknown as Content)
  }
  return state
}

/** "Segments" and "Records": every commit after `sequence`, in order. */
function* readJournal(root: string, sequence: number): Generator<JournalRecord> {
  const names = listNames(root, 'journal')
  for (const [index, name] of names.entries()) {
    const bytes = readFileSync(join(root, 'journal', name))
    const next = names[index + 1]
    const end = next === undefined ? bytes.length : segmentHeader(readFileSync(join(root, 'journal', next))).previous?.offset
    if (segmentHeader(bytes).first !== Number(name) || end === undefined) throw new Error(`Segment ${name} does not belong here.`)
    let expected = Number(name)
    for (let at = 512; at < end; expected++) {
      const length = recordLength(bytes.subarray(at, end), expected)
      if (length === undefined && next !== undefined) throw new Error(`Commit ${expected} is damaged.`)
      if (length === undefined) break
      const headerBytes = bytes.subarray(at + 32, at + 32 + bytes.readUInt32LE(at + 4))
      if (expected > sequence) yield { header: JSON.parse(headerBytes.toString()) as Header, headerBytes, segment: Number(name), contentOffset: at + 32 + headerBytes.length }
      at += length
    }
  }
}

function segmentHeader(bytes: Buffer): { readonly first: number; readonly previous: { readonly offset: number } | null } {
  const text = bytes.subarray(16, 16 + bytes.readUInt32LE(8))
  if (bytes.toString('latin1', 0, 8) !== 'NXSEG1\n\0' || crc32c(text) !== bytes.readUInt32LE(12)) throw new Error('The first block of a segment is damaged.')
  return JSON.parse(text.toString()) as ReturnType<typeof segmentHeader>
}

/** Length of a whole record with that number; `undefined` for anything else. */
function recordLength(bytes: Buffer, sequence: number): number | undefined {
  if (bytes.length < 32 || bytes.toString('latin1', 0, 4) !== 'NXR1' || Number(bytes.readBigUInt64LE(16)) !== sequence) return undefined
  const start = 32 + bytes.readUInt32LE(4)
  const length = start + bytes.readUInt32LE(8)
  if (length > bytes.length || crc32c(Buffer.concat([bytes.subarray(0, 28), bytes.subarray(32, start)])) !== bytes.readUInt32LE(28)) return undefined
  return crc32c(bytes.subarray(start, length)) === bytes.readUInt32LE(24) ? length : undefined
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) value = (value >>> 8) ^ (crcTable[(value ^ byte) & 0xff] ?? 0)
  return (value ^ 0xffffffff) >>> 0
}

/** "Commits": contents first, then operations in order. */
async function applyCommit(state: State, { header, headerBytes, segment, contentOffset }: JournalRecord, digest: Digest): Promise<void> {
  if (header.sequence !== state.sequence + 1 || header.previous !== state.previous) throw new Error(`Commit ${header.sequence} does not follow commit ${state.sequence}.`)
  for (const { digest: name, size, at, key = null, pieces = null } of header.contents ?? []) {
    state.contents.set(name, { size, key, pieces, segment: at === undefined ? null : segment, offset: at === undefined ? 0 : contentOffset + at })
  }
  for (const operation of header.operations) applyOperation(state, operation)
  state.sequence = header.sequence
  state.previous = await digest(headerBytes)
}

function applyOperation(state: State, operation: Operation): void {
  const { op, directory, name, node } = operation
  if (op === 'write') put(state, directory, name, { node, digest: operation.digest })
  if (op === 'mkdir' || op === 'copy') put(state, directory, `${name}/`, { node, digest: null })
  if (op === 'copy') copyChildren(state, operation.source, node, node + 1)
  if (op === 'delete') children(state, directory).delete(operation.kind === 'directory' ? `${name}/` : name)
  if (op === 'rename') {
    const slash = operation.kind === 'directory' ? '/' : ''
    const entry = children(state, directory).get(name + slash)
    if (entry === undefined) throw new Error(`Nothing is at "${name}" to be renamed.`)
    children(state, directory).delete(name + slash)
    put(state, operation.to.directory, operation.to.name + slash, entry)
  }
  if (op === 'drop' || op === 'quarantine') state.contents.delete(operation.digest)
  const content = state.contents.get(operation.digest)
  if (op === 'relocate' && content !== undefined) state.contents.set(operation.digest, { ...content, key: operation.key, offset: operation.offset, segment: null })
}

/** Gives every copy the next node, in the order of a recursive listing. */
function copyChildren(state: State, source: number, target: number, first: number): number {
  let next = first
  for (const [key, { node, digest }] of sorted(state, source)) {
    const copy = next++
    put(state, target, key, { node: copy, digest })
    if (digest === null) next = copyChildren(state, node, copy, next)
  }
  return next
}

function children(state: State, directory: number): Map<string, Entry> {
  const known = state.directories.get(directory) ?? new Map<string, Entry>()
  state.directories.set(directory, known)
  return known
}

function put(state: State, directory: number, key: string, entry: Entry): void {
  children(state, directory).set(key, entry)
}

function sorted(state: State, directory: number): [string, Entry][] {
  return [...children(state, directory)].sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
}

function* walk(state: State, directory: number, path: string): Generator<[path: string, digest: string]> {
  for (const [key, { node, digest }] of sorted(state, directory)) {
    if (digest === null) yield* walk(state, node, `${path}/${key.slice(0, -1)}`)
    else yield [`${path}/${key}`, digest]
  }
}

interface Source { readonly root: string; readonly state: State; readonly digest: Digest }

/** "Contents": whole bytes, checked against their digest; larger ones part by part. */
async function readContent(source: Source, name: string): Promise<Buffer> {
  const content = source.state.contents.get(name)
  if (content === undefined) throw new Error(`The content ${name} is not known.`)
  const bytes = content.pieces === null ? readStored(source.root, content) : await readParts(source, content.pieces)
  if (bytes.length !== content.size || (await source.digest(bytes)) !== name) throw new Error(`The content ${name} is damaged.`)
  return bytes
}

async function readParts(source: Source, pieces: string): Promise<Buffer> {
  const list = await readContent(source, pieces)
  const parts: Buffer[] = []
  for (let at = 0; at < list.length; at += 32 * piecesPerPart) {
    const digests = list.subarray(at, at + 32 * piecesPerPart)
    const part = source.state.contents.get(await source.digest(Buffer.concat([Buffer.from('nexus part\n'), digests])))
    if (part === undefined) throw new Error('A part is not known.')
    const bytes = readStored(source.root, part)
    for (let piece = 0; piece * 32 < digests.length; piece++) {
      const found = await source.digest(bytes.subarray(piece * pieceBytes, (piece + 1) * pieceBytes))
      if (found !== digests.toString('hex', piece * 32, (piece + 1) * 32)) throw new Error('A piece is damaged.')
    }
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

function readStored(root: string, { key, segment, offset, size }: Content): Buffer {
  const path = key === null ? join(root, 'journal', String(segment).padStart(20, '0')) : join(root, key)
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(size)
  try {
    if (readSync(file, bytes, 0, size, offset) !== size) throw new Error(`${path} is cut short.`)
    return bytes
  } finally {
    closeSync(file)
  }
}

function listNames(root: string, directory: string): string[] {
  const path = join(root, directory)
  return existsSync(path) ? readdirSync(path).filter((name) => /^\d{20}(?:-[0-9a-f]{64})?$/.test(name)).sort() : []
}
