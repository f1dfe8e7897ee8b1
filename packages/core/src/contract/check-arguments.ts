import type { ByteRange, Metadata, MetadataPatch } from './backend.ts'
import { NexusError } from './errors.ts'

/** Whose argument is checked, for the message. */
interface Place {
  readonly op: string
  readonly path: string
}

const maxNameBytes = 255
const maxMetadataBytes = 65_536
const encoder = new TextEncoder()

/** @throws NexusError `invalid_argument` when an offset, length or suffix is negative or no whole number. */
export function checkRange(range: ByteRange, place: Place): void {
  if ('suffix' in range) {
    checkCount(range.suffix, 'range.suffix', place)
    return
  }
  checkCount(range.offset, 'range.offset', place)
  if (range.length !== undefined) checkCount(range.length, 'range.length', place)
}

/** @throws NexusError `invalid_argument` unless `value` is a whole number, `least` (default 0) or more. */
export function checkCount(value: unknown, name: string, { op, path, least = 0 }: Place & { readonly least?: number }): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return
  throw new NexusError('invalid_argument', { op, path, reason: `${name} is a whole number, ${least} or more; it is ${String(value)}.` })
}

/**
 * Names have 1 to 255 bytes and no control characters, values are strings, all together have at most 64 KiB.
 * @throws NexusError `invalid_argument` naming the attribute.
 */
export function checkMetadata(metadata: Metadata | MetadataPatch, place: Place, options: { readonly allowNull: boolean }): void {
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_argument', { ...place, reason })
  }
  let totalBytes = 0
  for (const [name, value] of Object.entries<unknown>(metadata)) {
    const nameBytes = encoder.encode(name).byteLength
    if (nameBytes === 0 || nameBytes > maxNameBytes || /\p{Cc}/u.test(name)) {
      refuse(`A metadata name has 1 to ${maxNameBytes} bytes and no control characters: ${JSON.stringify(name.slice(0, 40))}.`)
    }
    if (value === null && options.allowNull) continue
    if (typeof value !== 'string') return refuse(`Metadata values are strings${options.allowNull ? ', or null to remove one' : ''}: ${JSON.stringify(name)} is ${value === null ? 'null' : typeof value}.`)
    totalBytes += nameBytes + encoder.encode(value).byteLength
  }
  if (totalBytes > maxMetadataBytes) refuse(`Metadata has at most ${maxMetadataBytes} bytes in all; this has ${totalBytes}.`)
}
