/**
 * How a commit is framed (docs/repository-format.md, "Records"): 32 bytes of prelude, the header (JSON), the inline contents. Little-endian.
 * `magic "NXR1" | header bytes u32 | content bytes u32 | flags u32 | sequence u64 | CRC32C of the contents u32 | CRC32C of the 28 bytes before and the header u32`
 */
export const recordPreludeBytes = 32

/** Flag: the writer asked for `fsync`, so that everything up to this record was on disk when it was acknowledged. */
export const recordFlagFsync = 1

/** What the prelude of a record says. */
export interface RecordPrelude {
  readonly sequence: number
  readonly flags: number
  readonly headerBytes: number
  readonly contentBytes: number
  /** Prelude, header and contents. */
  readonly recordBytes: number
}

/** Frames commits and checks frames; CRC32C is computed by one WebAssembly instance, so a codec serves one thread. */
export interface RecordCodec {
  encode(record: { readonly sequence: number; readonly flags: number; readonly header: Uint8Array; readonly contents: readonly Uint8Array[] }): Uint8Array
  /** Reads a prelude; `undefined` when these bytes begin no record. Only {@link RecordCodec.verifyHeader} tells whether it is whole. */
  prelude(bytes: Uint8Array): RecordPrelude | undefined
  /** `bytes` holds at least prelude and header. */
  verifyHeader(bytes: Uint8Array): boolean
  /** `bytes` holds the whole record. */
  verify(bytes: Uint8Array): boolean
  /** CRC32C (Castagnoli, RFC 3720 appendix B.4), as an unsigned number. */
  crc32c(bytes: Uint8Array): number
}

const magic = 0x3152584e

/** @returns A codec of its own; 0.1 ms. */
export async function createRecordCodec(): Promise<RecordCodec> {
  // Loaded at use: most of its size is WebAssembly that a mount of plain files never runs.
  const { createCRC32 } = await import('hash-wasm')
  const instance = await createCRC32(0x82f63b78)
  const crc32c = (...parts: readonly Uint8Array[]): number => {
    instance.init()
    for (const part of parts) instance.update(part)
    const bytes = instance.digest('binary')
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  }
  const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

  const prelude = (bytes: Uint8Array): RecordPrelude | undefined => {
    if (bytes.length < recordPreludeBytes) return undefined
    const data = view(bytes)
    if (data.getUint32(0, true) !== magic) return undefined
    const headerBytes = data.getUint32(4, true)
    const contentBytes = data.getUint32(8, true)
    const sequence = data.getUint32(16, true) + data.getUint32(20, true) * 0x1_0000_0000
    return { sequence, flags: data.getUint32(12, true), headerBytes, contentBytes, recordBytes: recordPreludeBytes + headerBytes + contentBytes }
  }

  const verifyHeader = (bytes: Uint8Array): boolean => {
    const found = prelude(bytes)
    if (found === undefined || bytes.length < recordPreludeBytes + found.headerBytes) return false
    return view(bytes).getUint32(28, true) === crc32c(bytes.subarray(0, 28), bytes.subarray(recordPreludeBytes, recordPreludeBytes + found.headerBytes))
  }

  return {
    crc32c,
    prelude,
    verifyHeader,
    verify: (bytes) => {
      const found = prelude(bytes)
      if (found === undefined || bytes.length < found.recordBytes || !verifyHeader(bytes)) return false
      return view(bytes).getUint32(24, true) === crc32c(bytes.subarray(recordPreludeBytes + found.headerBytes, found.recordBytes))
    },
    encode: ({ sequence, flags, header, contents }) => {
      const contentBytes = contents.reduce((sum, content) => sum + content.length, 0)
      const record = new Uint8Array(recordPreludeBytes + header.length + contentBytes)
      const data = view(record)
      data.setUint32(0, magic, true)
      data.setUint32(4, header.length, true)
      data.setUint32(8, contentBytes, true)
      data.setUint32(12, flags, true)
      data.setUint32(16, sequence >>> 0, true)
      data.setUint32(20, Math.floor(sequence / 0x1_0000_0000), true)
      record.set(header, recordPreludeBytes)
      let at = recordPreludeBytes + header.length
      for (const content of contents) {
        record.set(content, at)
        at += content.length
      }
      data.setUint32(24, crc32c(...contents), true)
      data.setUint32(28, crc32c(record.subarray(0, 28), header), true)
      return record
    },
  }
}
