const page = new Uint8Array(1024 * 1024)

/** One array behind another, in an array of their own. Zeros are not copied: memory that nobody has written to costs none, so that an object may be large. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    for (let from = 0; from < part.length; from += page.length) {
      const piece = part.subarray(from, from + page.length)
      if (!isZero(piece)) whole.set(piece, at + from)
    }
    at += part.length
  }
  return whole
}

function isZero(piece: Uint8Array): boolean {
  return piece[0] === 0 && Buffer.compare(piece, page.subarray(0, piece.length)) === 0
}
