import { describe, expect, it } from 'vitest'
import { isNexusError } from './errors.ts'
import { compareUtf8, isWithin, joinPath, parentPath, parsePath, pathSegments, relativePath, underPath } from './paths.ts'

describe('parsePath', () => {
  it.each([
    ['/', '/'],
    ['/a', '/a'],
    ['/a/b/', '/a/b'],
    ['/a b/c.d', '/a b/c.d'],
    ['/...', '/...'],
    ['/.hidden', '/.hidden'],
    ['/100%', '/100%'],
    ['/a%2fb', '/a%2fb'],
    ['/e\u0301', '/\u00e9'],
    [`/${'x'.repeat(255)}`, `/${'x'.repeat(255)}`],
    [`/${'\u00e9'.repeat(127)}`, `/${'\u00e9'.repeat(127)}`],
  ])('takes %j', (input, path) => expect(parsePath(input)).toBe(path))

  it.each([
    ['', 'starts with'],
    ['a/b', 'starts with'],
    ['//', 'empty segment'],
    ['/a//b', 'empty segment'],
    ['/a/./b', '"." segment'],
    ['/..', '".." segment'],
    ['/a/../b', '".." segment'],
    ['/a\u0000b', 'U+0000'],
    ['/a\nb', 'U+000A'],
    ['/a\u0085b', 'U+0085'],
    ['/\ud800', 'surrogate'],
    [`/${'x'.repeat(256)}`, '255 bytes'],
    [`/${'\u00e9'.repeat(128)}`, '255 bytes'],
    [`/${'\u{1f600}'.repeat(64)}`, '255 bytes'],
    [`/${'abcdefghi/'.repeat(500)}x`, '4096 bytes'],
    ['/x'.repeat(10_000), '4096 bytes'],
  ])('refuses %j', (input, reason) => {
    expect(() => parsePath(input)).toThrow(reason)
    expect(() => parsePath(input)).toThrow(expect.objectContaining({ code: 'invalid_path' }))
  })

  it('refuses what is no string', () => {
    const parse = parsePath as (input: unknown) => string
    for (const input of [undefined, null, 7, {}, ['/a']]) {
      expect(() => parse(input)).toThrow(expect.objectContaining({ code: 'invalid_path' }))
    }
  })

  it('tells where it is and why', () => {
    try {
      parsePath('/docs//a')
      expect.unreachable()
    } catch (error) {
      expect(isNexusError(error, 'invalid_path') && error.path).toBe('/docs//a')
    }
  })
})

describe('paths', () => {
  it('are joined and taken apart', () => {
    expect(joinPath(parsePath('/'), 'a')).toBe('/a')
    expect(joinPath(parsePath('/a'), 'b')).toBe('/a/b')
    expect(parentPath(parsePath('/a/b'))).toBe('/a')
    expect(parentPath(parsePath('/a'))).toBe('/')
    expect(parentPath(parsePath('/'))).toBe('/')
    expect(pathSegments(parsePath('/'))).toEqual([])
    expect(pathSegments(parsePath('/a/b'))).toEqual(['a', 'b'])
  })

  it('lie within by whole segments', () => {
    expect(isWithin(parsePath('/ab'), parsePath('/a'))).toBe(false)
    expect(isWithin(parsePath('/a/b'), parsePath('/a'))).toBe(true)
    expect(isWithin(parsePath('/a'), parsePath('/a'))).toBe(true)
    expect(isWithin(parsePath('/a'), parsePath('/'))).toBe(true)
  })

  it.each([['/m', '/m/a/b'], ['/m', '/m'], ['/', '/a'], ['/', '/']])('below %s, %s comes back', (mount, path) => {
    expect(underPath(parsePath(mount), relativePath(parsePath(path), parsePath(mount)))).toBe(path)
  })

  it('order as their UTF-8 bytes do', () => {
    const names = ['', 'a', 'a!', 'a.b', 'a/', 'a0', 'b', '\u00e9', '\u7fff', '\uffff', '\u{10000}', '\u{1f600}', 'a\u{1f600}', 'a\uffff']
    const byBytes = [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    expect([...names].reverse().sort(compareUtf8)).toEqual(byBytes)
  })
})
