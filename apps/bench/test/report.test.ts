import { expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.ts'
import { judge } from '../src/race.ts'
import { toMarkdown, withProfiles } from '../src/report.ts'

const races = [
  judge({ title: 'fast', goal: 2 }, { nexus: 10, 'node:fs': 50, repository: 8, opendal: 20 }, { cacache: 'it does not load here' }),
  judge({ title: 'slow', goal: 2 }, { nexus: 10, 'node:fs': 15 }),
  judge({ title: 'put', goal: 0.9, rival: 'SDK' }, { nexus: 10, SDK: 9.5 }),
]
const page = toMarkdown({ machine: ['- a machine'], scale: 'quick', races, facts: [{ title: 'size', value: '3 MB', goal: 'below 2 MB', isReached: false }] })

test('the report says for each row whether its goal is reached', () => {
  expect(page).toContain('| fast | 10.0 us | 8.00 us | 50.0 us | 5.00x | 2x | yes |')
  expect(page).toContain('| slow | 10.0 us |  | 15.0 us | 1.50x | 2x | **no** |')
  expect(page).toContain('| size | 3 MB | below 2 MB | **no** |')
})

test('a row in a bucket stands beside its rival, and not among those of `node:fs`', () => {
  expect(page).toContain('| put | 10.0 us | 9.50 us (SDK) | 0.95x | 0.9x | yes |')
  expect(page.indexOf('| put |')).toBeGreaterThan(page.indexOf('## Buckets'))
  expect(() => judge({ title: 'put', rival: 'SDK' }, { nexus: 1, 'node:fs': 1 })).toThrow('nexus and SDK')
})

test('a peer that does not load is named with its reason', () => {
  expect(page).toContain('| fast | 10.0 us | 50.0 us | 20.0 us | absent | absent | absent | absent |')
  expect(page).toContain('- cacache is absent: it does not load here')
  expect(page).not.toContain('| slow | 10.0 us | 15.0 us |')
})

test('the section written by hand stays when the rest is written again', () => {
  const before = `${page}\n\n## Where the time goes\n\nIn the hasher.\n`
  expect(withProfiles('# New', before)).toBe('# New\n\n## Where the time goes\n\nIn the hasher.\n')
  expect(withProfiles('# New', page)).toBe('# New\n')
})

test('arguments choose scale, rows and the number of files', () => {
  expect(parseArguments([])).toEqual({ scale: 'full', files: 1_000_000, only: undefined })
  expect(parseArguments(['--quick'])).toEqual({ scale: 'quick', files: 0, only: undefined })
  expect(parseArguments(['--quick', '--files', '5000', '--only', '^stat$'])).toEqual({ scale: 'quick', files: 5000, only: /^stat$/i })
  expect(() => parseArguments(['--files', 'many'])).toThrow(RangeError)
  expect(() => parseArguments(['--fast'])).toThrow(TypeError)
})
