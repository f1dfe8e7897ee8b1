import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLab, type Lab } from '../src/lab.ts'
import { runRace } from '../src/race.ts'
import { allRows } from '../src/rows/all-rows.ts'
import { peerNames } from '../src/stores/peers.ts'

let root: string
let lab: Lab

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nexus-bench-test-'))
  lab = createLab(root, { scale: 'tiny', files: 2000 })
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

const races = allRows.filter((row) => row.kind === 'race')
const facts = allRows.filter((row) => row.kind === 'facts')

test.for(races.filter(({ rival }) => rival !== undefined))('a tiny run of "$title" measures ours and its rival', async (row) => {
  const { medians } = await runRace(row, lab)
  expect(Object.keys(medians)).toEqual(['nexus', row.rival])
  expect(Object.values(medians).every((value) => value > 0)).toBe(true)
})

test.for(races.filter(({ rival }) => rival === undefined))('a tiny run of "$title" measures ours, the repository alone and node:fs', async (row) => {
  const { medians, absent } = await runRace(row, lab)
  const others = Object.keys(medians).filter((name) => peerNames.includes(name))
  expect(Object.keys(medians).slice(0, 3).sort()).toEqual(['nexus', 'node:fs', 'repository'])
  expect(Object.values(medians).every((value) => value > 0)).toBe(true)
  // A peer is measured or says why not, in the rows where peers are.
  if (others.length > 0) expect([...others, ...Object.keys(absent)].sort()).toEqual([...peerNames].sort())
})

test.for(facts)('a tiny run of "$title" says something of each part', async (row) => {
  const found = await row.measure(lab)
  expect(found.length).toBeGreaterThan(0)
  for (const { title, value } of found) expect([title, value]).not.toContain('')
})

test('the rows stand for every goal of the table, each once', () => {
  const titles = allRows.map(({ title }) => title)
  expect(new Set(titles).size).toBe(titles.length)
  expect(races.map(({ title, goal }) => `${title}: ${goal ?? 'none'}`)).toMatchInlineSnapshot(`
    [
      "write 1 KB, os, 1 writer: 6",
      "write 1 KB, os, 16 writers: 2.5",
      "write 1 KB, fsync, 1 writer: 3",
      "write 1 KB, fsync, 16 writers: 10",
      "read 1 KB, verified: 10",
      "stat: 6",
      "exists: 6",
      "list 10,000 files with stats: 3",
      "copy a file of 1 KB: 4",
      "copy a tree of 10,000 files: 10",
      "rename a tree of 10,000 files: none",
      "write 1 MB, hashed: 1",
      "read 1 MB, verified: 1",
      "stream 256 MB in, hashed: 1",
      "stream 256 MB out, verified: 1",
      "S3: put 1 KB, 1 in flight: 0.9",
      "S3: put 1 KB, 16 in flight: 0.9",
      "S3: get 1 KB, 1 in flight: 0.9",
      "S3: get 1 KB, 16 in flight: 0.9",
      "S3: get 1 KB, cached: none",
      "S3: put 8 MB: 0.95",
      "S3: get 8 MB: 0.95",
      "S3: put 256 MB: 0.95",
      "S3: get 256 MB: 0.95",
      "GCS: put 1 KB: none",
      "GCS: get 1 KB: none",
      "GCS: put 8 MB: none",
      "GCS: get 8 MB: none",
    ]
  `)
})
