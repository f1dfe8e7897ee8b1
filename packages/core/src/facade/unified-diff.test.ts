import { applyPatch } from 'diff'
import { expect, it } from 'vitest'
import { unifiedDiff } from './unified-diff.ts'

const numbered = (count: number, text: string): string => Array.from({ length: count }, (_, index) => `${text} ${index}\n`).join('')

it.each([
  ['a\nb\nc\n', 'a\nB\nc\n'],
  ['', 'a\n'],
  ['a\n', ''],
  ['a', 'a\n'],
  ['a\nb', 'a\nc'],
  [numbered(50, 'x'), numbered(51, 'x')],
  [`head\n${numbered(5000, 'old')}tail`, `head\n${numbered(5000, 'new')}tail`],
  [numbered(5000, 'old'), `${numbered(5000, 'new')}end`],
  [`keep\n${numbered(4000, 'old')}`, 'keep\n'],
  ['keep\n', `keep\n${numbered(4000, 'new')}`],
])('gives a patch that makes the one from the other (%#)', async (before, after) => {
  const patch = await unifiedDiff('/a.txt', before, after)
  expect(patch.startsWith('--- /a.txt\n+++ /a.txt\n@@ ')).toBe(true)
  expect(applyPatch(before, patch)).toBe(after)
})
