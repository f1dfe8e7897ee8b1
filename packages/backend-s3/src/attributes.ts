import type { Metadata } from '@nexus/core/contract'

// Header names are lower-case tokens without "%" (RFC 9110, section 5.6.2), header values printable ASCII; whatever is not goes in escapes that others can read.
const plainName = /^[a-z0-9!#$&'*+.^_`|~-]+$/
const plainValue = /^(?!=\?)[!-~](?:[ -~]*[!-~])?$/
const encodedWord = /^=\?utf-8\?(b|q)\?(.*)\?=$/i

/**
 * Custom attributes as S3 keeps them. Names: everything but lower-case letters, digits and `!#$&'*+.^_`|~-` as `%xx` (S3 lowers the case of names).
 * Values: what is not printable ASCII as one encoded word (RFC 2047), which is how S3 itself tells of such values.
 */
export function toS3Metadata(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [encodeName(name), encodeValue(value)]))
}

/** The attributes that {@link toS3Metadata} wrote, or that others did: what is no escape is itself. */
export function fromS3Metadata(metadata: Readonly<Record<string, string>> | undefined): Metadata {
  return Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [decodeName(name), decodeValue(value)]))
}

function encodeName(name: string): string {
  if (plainName.test(name)) return name
  return Array.from(name, (character) => (plainName.test(character) ? character : hexOf(character))).join('')
}

const hexOf = (character: string): string => Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch (error) {
    // Somebody else's name that only looks like an escape.
    if (error instanceof URIError) return name
    throw error
  }
}

function encodeValue(value: string): string {
  return plainValue.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`
}

function decodeValue(value: string): string {
  const match = encodedWord.exec(value)
  if (match === null) return value
  const [, encoding = '', text = ''] = match
  if (encoding.toLowerCase() === 'b') return Buffer.from(text, 'base64').toString()
  const bytes = text.replaceAll('_', ' ').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
