import { parsePath } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { expandOptions } from '../src/expand-options.ts'
import { globExpression } from '../src/glob-expression.ts'
import { parseAge, parseSize } from '../src/parse-values.ts'
import { parseCopyOperand, parseNexusOperand } from '../src/paths/operand.ts'
import { mountForUri } from '../src/paths/uri-mount.ts'

const place = {
  workingDirectory: '/somewhere',
  homeDirectory: '/home/ada',
  mountPoints: [parsePath('/local/data'), parsePath('/srv/both')],
  existsOnHost: (path: string) => ['/', '/tmp', '/tmp/x', '/srv', '/srv/both', '/srv/both/x'].includes(path),
}

describe('an operand of cp', () => {
  it.each([
    ['./x', 'host', '/somewhere/x'],
    ['../x', 'host', '/x'],
    ['x/y', 'host', '/somewhere/x/y'],
    ['~/x', 'host', '/home/ada/x'],
    ['host:/local/data/x', 'host', '/local/data/x'],
    ['host:rel', 'host', '/somewhere/rel'],
    ['/tmp/x', 'host', '/tmp/x'],
    ['/tmp/new', 'host', '/tmp/new'],
    ['/tmp/../tmp/x', 'host', '/tmp/x'],
    ['/local/data/x', 'nexus', '/local/data/x'],
    ['/local', 'nexus', '/local'],
    ['nexus:/tmp/x', 'nexus', '/tmp/x'],
    ['/no/where/x', 'nexus', '/no/where/x'],
  ])('%s is a path of %s: %s', (text, kind, path) => {
    expect(parseCopyOperand(text, place)).toMatchObject(kind === 'host' ? { kind, hostPath: path } : { kind, path })
  })

  it('that could be both is refused', () => {
    expect(() => parseCopyOperand('/srv/both/x', place)).toThrow('host:/srv/both/x')
  })

  it('of other commands says how to write a directory of this machine', () => {
    expect(() => parseNexusOperand('data')).toThrow('local://./data')
    expect(() => parseNexusOperand('../data')).toThrow('local://../data')
    expect(() => parseNexusOperand('')).toThrow('empty')
    expect(parseNexusOperand('local://./data')).toMatchObject({ kind: 'uri' })
  })
})

describe('a URI on the command line', () => {
  it('of a bucket mounts the bucket; the rest is the path', () => {
    const { uri, inner, shown } = mountForUri('s3://bucket/a/b.txt?region=eu', { workingDirectory: '/somewhere' })
    expect({ uri, inner, shown: shown('/a/c') }).toEqual({ uri: 's3://bucket?region=eu', inner: '/a/b.txt', shown: 's3://bucket/a/c?region=eu' })
  })

  it('of a place that is absent mounts the directory above it', () => {
    const { uri, inner, shown } = mountForUri('local:///nowhere-at-all/x%23y', { workingDirectory: '/somewhere' })
    expect({ uri, inner, shown: shown('/nowhere-at-all/z') }).toEqual({ uri: 'local:///', inner: '/nowhere-at-all/x#y', shown: 'local:///nowhere-at-all/z' })
  })
})

describe('values', () => {
  it('sizes', () => {
    expect(['10', '10c', '2k', '1.5M', '1GiB'].map(parseSize)).toEqual([10, 10, 2048, 1_572_864, 1_073_741_824])
    expect(() => parseSize('ten')).toThrow('size')
  })

  it('ages', () => {
    expect(['30d', '12h', '1.5m'].map(parseAge)).toEqual([2_592_000_000, 43_200_000, 90_000])
    expect(() => parseAge('30')).toThrow('age')
  })

  it.each([
    ['*.ts', 'a.ts', true], ['*.ts', 'a.tsx', false], ['a?c', 'abc', true], ['[!a]*', 'b', true], ['[!a]*', 'a', false],
    ['\\*', '*', true], ['\\*', 'a', false], ['a.c', 'abc', false], ['[a-c]x', 'bx', true], ['(x|y)', '(x|y)', true], ['🙂?', '🙂🙃', true], ['*', 'a\nb', true],
  ])('%s against %s: %s', (pattern, name, expected) => {
    expect(globExpression(pattern).test(name)).toBe(expected)
  })

  it('a pattern with too many stars is refused', () => {
    expect(() => globExpression('*a'.repeat(9))).toThrow('stars')
  })

  it('options as other tools have them', () => {
    expect(expandOptions(['find', '/x', '-name', '*', '--', '-type'])).toEqual(['find', '/x', '--name', '*', '--', '-type'])
    expect(expandOptions(['ls', '-lR'])).toEqual(['ls', '-lr'])
    expect(expandOptions(['cat', '-R'])).toEqual(['cat', '-R'])
  })
})
