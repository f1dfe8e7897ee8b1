import { InvalidArgumentError } from 'commander'

const multipliers: Readonly<Record<string, number>> = { '': 1, c: 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** `10`, `10k`, `1.5M`, `2GiB` as bytes, for an option of a command. @throws InvalidArgumentError of commander */
export function parseSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([cbkmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const multiplier = multipliers[unit.toLowerCase()]
  if (number === '' || multiplier === undefined) throw new InvalidArgumentError('A size is a number with c, k, M, G or T behind it, as in 10k.')
  return Math.round(Number(number) * multiplier)
}

/** A whole number from `minimum` on. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) throw new InvalidArgumentError(`It is a whole number from ${minimum} on.`)
    return value
  }
}

/** `30d`, `12h`, `90m`, `45s` as milliseconds. */
export function parseAge(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? []
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
  const unitMs = units[unit]
  if (number === '' || unitMs === undefined) throw new InvalidArgumentError('An age is a number with s, m, h, d or w behind it, as in 30d.')
  return Math.round(Number(number) * unitMs)
}

/** `5MB`, `500k`, `1.5M/s` as bytes in a second. */
export function parseRate(text: string): number {
  const bytesPerSecond = parseSize(text.replace(/\/s$/, ''))
  if (bytesPerSecond === 0) throw new InvalidArgumentError('A bandwidth is a size that may pass in a second, above 0, as in 5MB.')
  return bytesPerSecond
}
