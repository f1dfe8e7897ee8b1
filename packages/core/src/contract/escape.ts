/**
 * Existing storage holds names that a `Path` refuses or would change: empty ones, `.`, control characters, NFD, bytes that are no
 * UTF-8. They are shown through one reversible escape, `%XX` for every byte outside printable ASCII and for `%` itself. A valid name
 * stays as it is, unless it would be taken for an escape: then each `%` becomes `%25`. So for every sequence of bytes
 * `decodeSegment(encodeSegment(bytes))` gives the bytes back, and what `list` showed can be read, written and deleted.
 */
export function encodeSegment(raw: Uint8Array): string {
  if (raw.length === 0) return emptyName
  const text = validName(raw)
  if (text === undefined) return escapeAll(raw)
  return escapedBytes(text) === undefined ? text : marked(text)
}

/** The bytes that a segment stands for: the inverse of {@link encodeSegment}, and the plain UTF-8 of every other segment. */
export function decodeSegment(segment: string): Uint8Array {
  return escapedBytes(segment) ?? encoder.encode(segment)
}

const emptyName = '%_'
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
 
const forbidden = /[\u0000-\u001f\u007f-\u009f/]/

/** What a segment stands for when it is an escape, `undefined` when it stands for itself. */
function escapedBytes(segment: string): Uint8Array | undefined {
  if (!segment.includes('%')) return undefined
  if (segment === emptyName) return new Uint8Array(0)
  const raw = unescapeAll(segment)
  if (validName(raw) === undefined && escapeAll(raw) === segment) return raw
  const text = segment.replaceAll('%25', '%')
  return marked(text) === segment && escapedBytes(text) !== undefined ? encoder.encode(text) : undefined
}

/** A valid name that would be taken for an escape. With one `%` left as it is, what follows that might be no UTF-8, and this an escape again. */
function marked(text: string): string {
  return text.replaceAll('%', '%25')
}

/** The name as text when it can be a segment as it is. */
function validName(raw: Uint8Array): string | undefined {
  let text: string
  try {
    text = decoder.decode(raw)
  } catch {
    return undefined
  }
  const valid = text !== '' && text !== '.' && text !== '..' && !forbidden.test(text) && text.normalize('NFC') === text
  return valid ? text : undefined
}

function escapeAll(raw: Uint8Array): string {
  const dots = raw.every((byte) => byte === 0x2e)
  let text = ''
  for (const byte of raw) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x2f && !dots
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

function unescapeAll(segment: string): Uint8Array {
  const bytes = encoder.encode(segment)
  const raw: number[] = []
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    const hex = byte === 0x25 ? segmentHex(bytes, index + 1) : undefined
    raw.push(hex ?? byte)
    if (hex !== undefined) index += 2
  }
  return Uint8Array.from(raw)
}

function segmentHex(bytes: Uint8Array, at: number): number | undefined {
  const hex = String.fromCharCode(...bytes.subarray(at, at + 2))
  return /^[0-9A-F]{2}$/.test(hex) ? Number.parseInt(hex, 16) : undefined
}
