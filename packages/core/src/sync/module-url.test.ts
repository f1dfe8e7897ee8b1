import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { moduleUrl } from './module-url.ts'

it.each([
  ['file:///a/b.ts', undefined, 'file:///a/b.ts'],
  ['/a/b.ts', 'file:///app/main.js', 'file:///a/b.ts'],
  ['./b.ts', 'file:///app/main.js', 'file:///app/b.ts'],
  ['../b.ts', 'file:///app/src/main.js', 'file:///app/b.ts'],
  ['./b.ts', undefined, pathToFileURL(join(process.cwd(), 'b.ts')).href],
])('%s from %s is %s', (specifier, resolveFrom, expected) => {
  expect(moduleUrl(specifier, resolveFrom)).toBe(expected)
})

it('a package is found where the application is', () => {
  expect(moduleUrl('picomatch', import.meta.url)).toMatch(/^file:.*picomatch.*\.js$/)
  expect(() => moduleUrl('no-such-package', import.meta.url)).toThrow(expect.objectContaining({ code: 'unavailable' }))
})
