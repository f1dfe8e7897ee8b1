/** One line of a file, without its line end. */
export interface TextLine {
  /** Counts from 1. */
  readonly number: number
  readonly text: string
}

const newline = 0x0a
const carriageReturn = 0x0d

/**
 * Splits a body into lines at `\n` or `\r\n` while it streams. Of a longer line only the first `maxLineBytes` are kept, so memory stays
 * bounded whatever the file holds; malformed UTF-8 becomes U+FFFD.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, { maxLineBytes }: { readonly maxLineBytes: number }): AsyncGenerator<TextLine> {
  let number = 1
  let held: Uint8Array[] = []
  let heldBytes = 0
  const hold = (part: Uint8Array): void => {
    const kept = part.subarray(0, Math.max(0, maxLineBytes + 1 - heldBytes))
    // A copy: the producer may use its buffer again.
    if (kept.byteLength > 0) held.push(kept.slice())
    heldBytes += kept.byteLength
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      hold(chunk.subarray(start, end))
      yield { number: number++, text: decodeLine(joined(held), maxLineBytes) }
      held = []
      heldBytes = 0
      start = end + 1
    }
    hold(chunk.subarray(start))
  }
  if (heldBytes > 0) yield { number, text: decodeLine(joined(held), maxLineBytes) }
}

/** `line` as text, cut at `maxLineBytes`, without a carriage return at its end. */
function decodeLine(line: Uint8Array, maxLineBytes: number): string {
  const cut = line.subarray(0, maxLineBytes)
  const whole = line.byteLength <= maxLineBytes && cut.at(-1) === carriageReturn ? cut.subarray(0, -1) : cut
  return decoder.decode(whole)
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0]
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.byteLength
  }
  return whole
}
