import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSegment, encodeSegment } from './escape.ts'
import { parsePath } from './paths.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the escape of names', () => {
  it.each(['plain', 'with space', '100%', '%', '%zz', '\u00e9', 'a%2fb', '%41', '...', 'x%'])('leaves %j as it is', (name) => {
    expect(encodeSegment(bytes(name))).toBe(name)
    expect(decodeSegment(name)).toEqual(bytes(name))
  })

  it.each([
    ['', '%_'],
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['a\nb', 'a%0Ab'],
    ['e\u0301', 'e%CC%81'],
    ['50%\n', '50%25%0A'],
  ])('shows %j as %j', (name, shown) => {
    expect(encodeSegment(bytes(name))).toBe(shown)
    expect(decodeSegment(shown)).toEqual(bytes(name))
  })

  it('tells a name that looks escaped from the escape', () => {
    const names = ['e\u0301', 'e%CC%81', 'e%25CC%81', 'e%25CC%2581', 'e%2525CC%81', '', '%_', '%25_', '%C5%CC'].map(bytes)
    const twins = [...names, Uint8Array.of(0x25, 0x43, 0x35, 0xcc)].map(encodeSegment)
    expect(new Set(twins).size).toBe(twins.length)
  })

  it('gives back every sequence of bytes, as a segment of a path', () => {
    const percent = fc.string({ unit: fc.constantFrom('%', '2', '5', 'C', '_', '.', 'e', '\u0301', '\n') }).map(bytes)
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), percent), (raw) => {
        const shown = encodeSegment(raw)
        expect(decodeSegment(shown)).toEqual(Uint8Array.from(raw))
        expect(parsePath(`/${shown}`)).toBe(`/${shown}`)
      }),
      { numRuns: 3000 },
    )
  })

  it('shows no two names alike, however they are made of escapes', () => {
    const units = ['%', '%25', '%C5', '%CC', '%_', '_', 'C5', '25', '\u0301', 'e'].map(bytes)
    const seen = new Map<string, string>()
    for (const one of units) for (const two of units) for (const three of units) for (const four of [...units, Uint8Array.of(0xcc), Uint8Array.of(0xc5), new Uint8Array()]) {
      const raw = Buffer.concat([one, two, three, four])
      const shown = encodeSegment(raw)
      expect(seen.get(shown) ?? raw.toString('hex'), shown).toBe(raw.toString('hex'))
      expect(Buffer.from(decodeSegment(shown)).toString('hex')).toBe(raw.toString('hex'))
      seen.set(shown, raw.toString('hex'))
    }
  })

  it('lets a name of 255 bytes through, however long its escape', () => {
    const shown = encodeSegment(new Uint8Array(255).fill(0xff))
    expect(shown).toHaveLength(765)
    expect(parsePath(`/${shown}`)).toBe(`/${shown}`)
    expect(() => parsePath(`/${encodeSegment(new Uint8Array(256).fill(0xff))}`)).toThrow('255 bytes')
  })
})
