import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type JournalPosition, NexusError, type RecordCodec } from '@nexus/core/contract'
import type { LocalEnvironment } from './environment.ts'
import { syncDirectory, systemCode } from './files.ts'
import type { Layout } from './layout.ts'

/** The published position and what a writer needs to go on from there. A hint: whatever it says is checked against the journal before it is trusted. */
export interface Head extends JournalPosition {
  /** Whether it was written since the machine was started. */
  readonly sameBoot: boolean
  /** Everything in `segment` before this offset is on disk, and all earlier segments are. */
  readonly synced: number
  /** Segment that the next commit goes to, when one was created after `segment`; else 0. */
  readonly next: number
  /** A write or sync to the segment that is written failed: what stands there beyond `offset` never counts, and nobody writes to it again. */
  readonly sealed: boolean
  /** Differs when segments were created, replaced or removed since. */
  readonly generation: number
  /** CRC32C that the last commit's record carries in its prelude; 0 before the first. */
  readonly recordCrc: number
}

/** The file `head`: 64 bytes, rewritten in place after each group of commits. */
export interface HeadFile {
  /** What stands there; `undefined` when it is absent or damaged. */
  read(): Head | undefined
  /** Replaces it, creating it when absent. Only under the lock. */
  write(head: Omit<Head, 'sameBoot'>): void
  /** Makes a file that `write` created durable. */
  settle(): Promise<void>
  /** Opens the file of that name again when the one at hand was deleted. */
  refresh(): void
  close(): void
}

const magic = 0x3148584e
const sizeBytes = 64
const words = sizeBytes / 4

/** @param codec For the CRC32C at the end of the file. */
export function createHeadFile(layout: Layout, codec: RecordCodec, environment: LocalEnvironment): HeadFile {
  const { files, bootId } = environment
  const boot = createHash('sha256').update(bootId).digest().subarray(0, 8)
  const bytes = new Uint8Array(sizeBytes)
  const buffer = new Int32Array(bytes.buffer)
  const known = new Int32Array(words)
  let parsed: Head | undefined
  let fd: number | undefined
  let isNew = false

  const open = (flags: number): boolean => {
    try {
      fd = files.open(layout.head, flags, 0o644)
      return true
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false
      throw error
    }
  }
  const openAny = (): boolean => {
    try {
      return open(constants.O_RDWR)
    } catch (error) {
      if (systemCode(error) !== 'EACCES' && systemCode(error) !== 'EROFS') throw error
      return open(constants.O_RDONLY)
    }
  }
  const isKnown = (): boolean => {
    for (let at = 0; at < words; at++) if (buffer[at] !== known[at]) return false
    return parsed !== undefined
  }
  const close = (): void => {
    if (fd !== undefined) files.close(fd)
    fd = undefined
    parsed = undefined
  }

  return {
    read: () => {
      if (fd === undefined && !openAny()) return undefined
      // A reader may see a rewrite half done; the next look sees it whole.
      for (let attempt = 0; attempt < 8; attempt++) {
        if (files.read(fd as number, bytes, 0, sizeBytes, 0) !== sizeBytes) return undefined
        if (isKnown()) return parsed
        parsed = decode(bytes, codec, boot)
        known.set(buffer)
        if (parsed !== undefined) return parsed
      }
      return undefined
    },
    write: (head) => {
      if (fd === undefined && !openAny()) isNew = open(constants.O_RDWR | constants.O_CREAT)
      encode(bytes, head, { codec, boot })
      if (files.write(fd as number, bytes, 0, sizeBytes, 0) !== sizeBytes) throw new NexusError('no_space', { op: 'journal', path: layout.head, backend: 'local', reason: 'The disk is full.' })
      known.set(buffer)
      parsed = { ...head, sameBoot: true }
    },
    settle: async () => {
      if (!isNew || fd === undefined) return
      await files.fsync(fd)
      await syncDirectory(files, layout.root)
      isNew = false
    },
    refresh: () => {
      if (fd !== undefined && files.fstat(fd).nlink === 0) close()
    },
    close,
  }
}

/** `"NXH1" | record CRC u32 | boot 8 bytes | sequence u64 | segment u64 | offset u64 | synced u64 | next u64 | generation << 1 + sealed u32 | CRC32C of the 60 bytes before u32`, little-endian. */
function encode(bytes: Uint8Array, head: Omit<Head, 'sameBoot'>, { codec, boot }: { codec: RecordCodec; boot: Uint8Array }): void {
  const data = new DataView(bytes.buffer)
  data.setUint32(0, magic, true)
  data.setUint32(4, head.recordCrc, true)
  bytes.set(boot, 8)
  setNumber(data, 16, head.sequence)
  setNumber(data, 24, head.segment)
  setNumber(data, 32, head.offset)
  setNumber(data, 40, head.synced)
  setNumber(data, 48, head.next)
  data.setUint32(56, ((head.generation << 1) | (head.sealed ? 1 : 0)) >>> 0, true)
  data.setUint32(60, codec.crc32c(bytes.subarray(0, 60)), true)
}

function decode(bytes: Uint8Array, codec: RecordCodec, boot: Uint8Array): Head | undefined {
  const data = new DataView(bytes.buffer)
  if (data.getUint32(0, true) !== magic || data.getUint32(60, true) !== codec.crc32c(bytes.subarray(0, 60))) return undefined
  const last = data.getUint32(56, true)
  return {
    sameBoot: boot.every((value, at) => value === bytes[8 + at]),
    recordCrc: data.getUint32(4, true),
    sequence: getNumber(data, 16),
    segment: getNumber(data, 24),
    offset: getNumber(data, 32),
    synced: getNumber(data, 40),
    next: getNumber(data, 48),
    sealed: (last & 1) === 1,
    generation: last >>> 1,
  }
}

function setNumber(data: DataView, at: number, value: number): void {
  data.setUint32(at, value >>> 0, true)
  data.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

function getNumber(data: DataView, at: number): number {
  return data.getUint32(at, true) + data.getUint32(at + 4, true) * 0x1_0000_0000
}
