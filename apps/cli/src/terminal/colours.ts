const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], magenta: [35, 39], cyan: [36, 39] } as const

/** A way to set text apart. */
export type Style = keyof typeof codes

/** Sets text apart, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** Whether to use colours: `NO_COLOR` says no, then `FORCE_COLOR` says yes (or, as `0`, no), then whether a terminal looks. */
export function wantsColours(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = env
  if (no !== undefined && no !== '') return false
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isTerminal && term !== 'dumb'
}

/** A {@link Paint} that paints, or one that does not. */
export function createPaint(paints: boolean): Paint {
  if (!paints) return (_style, text) => text
  return (style, text) => `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`
}
