import type { RecordCodec } from '@nexus/core/contract'
import { corrupt } from './errors.ts'

/** Bytes before the first record of a segment. */
export const segmentHeaderBytes = 512

/** Where the segment before this one ends: what stands there beyond `offset` never was a commit. */
export interface PreviousSegment {
  /** First sequence of the segment that holds the commit before this segment's first. */
  readonly segment: number
  readonly sequence: number
  /** End of that commit, in its segment. */
  readonly offset: number
  /** The CRC32C of header and prelude that its record carries. */
  readonly recordCrc: number
}

/** First block of a segment file: `"NXSEG1\n\0" | JSON bytes u32 | CRC32C of the JSON u32 | JSON`, padded with zeros to 512 bytes. */
export interface SegmentHeader {
  /** Id of the repository, as in `nexus.json`. */
  readonly repository: string
  /** Sequence of the first commit that belongs here; also the file's name. */
  readonly first: number
  /** Bytes that were reserved for it. */
  readonly sizeBytes: number
  /** Boot id of the machine when it was created. */
  readonly epoch: string
  /** `null` in the first segment of a repository. */
  readonly previous: PreviousSegment | null
}

const magic = Buffer.from('NXSEG1\n\0', 'latin1')
const textStart = 16

/** Whether these bytes begin like a segment of ours, whole or not. */
export function hasSegmentMagic(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.equals(bytes.subarray(0, magic.length))
}

/** @returns 512 bytes. */
export function encodeSegmentHeader(header: SegmentHeader, codec: RecordCodec): Uint8Array {
  const text = Buffer.from(JSON.stringify(header))
  const bytes = Buffer.alloc(segmentHeaderBytes)
  magic.copy(bytes)
  bytes.writeUInt32LE(text.length, 8)
  bytes.writeUInt32LE(codec.crc32c(text), 12)
  text.copy(bytes, textStart)
  return bytes
}

/** @throws NexusError `corrupt`, naming the file */
export function parseSegmentHeader(bytes: Uint8Array, codec: RecordCodec, path: string): SegmentHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.length < segmentHeaderBytes || !hasSegmentMagic(view)) throw corrupt(path, 'The file is no segment of a journal: its first block is missing or damaged.')
  const length = view.readUInt32LE(8)
  const text = view.subarray(textStart, textStart + Math.min(length, segmentHeaderBytes))
  if (length > segmentHeaderBytes - textStart || view.readUInt32LE(12) !== codec.crc32c(text)) throw corrupt(path, 'The first block of the segment is damaged.')
  // The checksum says that these are the bytes of `encodeSegmentHeader`.
  return JSON.parse(text.toString('utf8')) as SegmentHeader
}
