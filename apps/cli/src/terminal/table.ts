import { stripVTControlCharacters } from 'node:util'

/** One column of a table. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right' | undefined
}

/**
 * Rows as aligned lines, the title line first; the last column is not padded. Cells may be painted.
 * @param rows One cell for each column, already escaped.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => displayWidth(cells[index] ?? ''))))
  return lines.map((cells) => cells.map((cell, index) => pad(cell, { width: widths[index] ?? 0, column: columns[index], isLast: index === columns.length - 1 })).join('  ').trimEnd())
}

function pad(cell: string, { width, column, isLast }: { readonly width: number; readonly column: Column | undefined; readonly isLast: boolean }): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(cell)))
  if (column?.align === 'right') return space + cell
  return isLast ? cell : cell + space
}

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Columns that a text takes on a terminal: East Asian characters and pictures take two, combining marks none. */
function displayWidth(text: string): number {
  let width = 0
  for (const char of stripVTControlCharacters(text)) width += /\p{Mn}/u.test(char) ? 0 : wide.test(char) ? 2 : 1
  return width
}
