import { describe, expect, it } from 'vitest'
import { compileFilter } from './filter.ts'
import type { SyncRule } from './sync-options.ts'

const include = (pattern: string): SyncRule => ({ include: pattern })
const exclude = (pattern: string): SyncRule => ({ exclude: pattern })

describe('which files take part', () => {
  it.each<[string, SyncRule[], Record<string, boolean>]>([
    ['no rules: all', [], { a: true, 'a/.b': true }],
    ['exclusions: the rest', [exclude('*.tmp')], { a: true, 'a.tmp': false, 'd/a.tmp': false, 'x.tmp/inside': false }],
    ['inclusions: these alone', [include('*.md')], { 'a.md': true, 'd/a.md': true, a: false, 'x.md/inside': true }],
    ['the first that matches decides', [include('keep.log'), exclude('*.log')], { 'keep.log': true, 'd/keep.log': true, 'a.log': false, a: true }],
    ['in the other order the exclusion does', [exclude('*.log'), include('keep.log')], { 'keep.log': false, a: false }],
    ['also below what a later rule leaves out', [include('*.md'), exclude('/docs')], { 'docs/a.md': true, 'docs/a': false, a: true }],
    ['a slash at the beginning: from the top', [exclude('/a')], { a: false, 'a/x': false, 'd/a': true }],
    ['a slash within: at any depth', [exclude('a/b')], { 'a/b': false, 'd/a/b': false, 'a/c/b': true }],
    ['a slash at the end: directories', [exclude('a/')], { a: true, 'a/x': false, 'd/a/x': false }],
    ['two stars: what lies below', [exclude('/a/**')], { a: true, 'a/x': false, 'a/x/y': false }],
  ])('%s', async (_, rules, expected) => {
    const filter = await compileFilter(rules)
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, filter.takes(key, 'file')]))).toEqual(expected)
  })
})

describe('what has to be looked at', () => {
  it.each<[SyncRule[], Record<string, 'none' | 'some' | 'all'>]>([
    [[], { '': 'all', d: 'all' }],
    [[exclude('/d')], { '': 'some', d: 'none', 'd/x': 'none', e: 'all' }],
    [[include('/d')], { '': 'some', d: 'all', e: 'none' }],
    [[include('*.md'), exclude('/d')], { d: 'some' }],
    [[include('/e/*.md'), exclude('/d')], { d: 'none' }],
  ])('%j', async (rules, expected) => {
    const filter = await compileFilter(rules)
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, filter.below(key)]))).toEqual(expected)
  })
})
