import { isNexusError } from '../../contract/errors.ts'
import { recordPreludeBytes } from '../../contract/record.ts'
import type { Repository } from '../context.ts'

/** A content in a pack, with where it begins behind the header. */
export interface PackedContent {
  readonly digest: string
  readonly size: number
  readonly at: number
}

/** The header of a pack: a record of number 0 that holds contents and no operations. */
export interface PackHeader {
  readonly pack: 1
  readonly contents: readonly PackedContent[]
}

/** A pack in memory. */
export interface Pack {
  readonly bytes: Uint8Array
  /** Where each content begins in it. */
  readonly offsets: ReadonlyMap<string, number>
}

/** Frames contents as one pack. */
export function encodePack({ codec }: Pick<Repository, 'codec'>, contents: readonly { readonly digest: string; readonly bytes: Uint8Array }[]): Pack {
  let at = 0
  const packed: PackedContent[] = []
  for (const { digest, bytes } of contents) {
    packed.push({ digest, size: bytes.length, at })
    at += bytes.length
  }
  const pack: PackHeader = { pack: 1, contents: packed }
  const header = new TextEncoder().encode(JSON.stringify(pack))
  const start = recordPreludeBytes + header.length
  return {
    bytes: codec.encode({ sequence: 0, flags: 0, header, contents: contents.map(({ bytes }) => bytes) }),
    offsets: new Map(packed.map((content) => [content.digest, start + content.at])),
  }
}

/** Reads what a pack says it holds, with absolute offsets; `undefined` when it is damaged or gone. @param options.readData Checks the contents' checksum too. */
export async function readPack(
  { codec, contents }: Pick<Repository, 'codec' | 'contents'>,
  key: string,
  { readData = false, signal }: { readonly readData?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly (Omit<PackedContent, 'at'> & { readonly offset: number })[] | undefined> {
  try {
    const { sizeBytes } = await contents.stat(key, { signal })
    const found = codec.prelude(await contents.read(key, { offset: 0, length: Math.min(sizeBytes, recordPreludeBytes) }, { signal }))
    if (found?.recordBytes !== sizeBytes) return undefined
    const start = recordPreludeBytes + found.headerBytes
    const bytes = await contents.read(key, { offset: 0, length: readData ? sizeBytes : start }, { signal })
    if (!(readData ? codec.verify(bytes) : codec.verifyHeader(bytes))) return undefined
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(recordPreludeBytes, start))) as PackHeader
    return header.contents.map(({ digest, size, at }) => ({ digest, size, offset: start + at }))
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'corrupt')) return undefined
    throw error
  }
}
