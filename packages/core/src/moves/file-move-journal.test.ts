import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Path } from '../contract/paths.ts'
import type { CopiedFile, MoveJournal, MoveRecord } from '../kernel/move-journal.ts'
import { processEnvironment } from '../mounting/environment.ts'
import { fileMoveJournal, movesDirectory } from './file-move-journal.ts'
import { moveJournalIn } from './move-journal-in.ts'
import { thisProcess } from './owner.ts'

const ends = { from: { storage: 'local:///a', path: '/t' as Path }, to: { storage: 's3://b', path: '/t' as Path } }
const copy = (path: string, state = 1): CopiedFile => ({ path, sourceEtag: `s${state}`, targetEtag: `t${state}` })
let state: string
let journal: MoveJournal

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'nexus-moves-'))
  journal = fileMoveJournal(state, () => 0)
})
afterEach(() => rm(state, { recursive: true }))

const open = (): Promise<MoveRecord> => journal.open(ends, { kind: 'directory' })

async function copiesOf(record: MoveRecord): Promise<CopiedFile[]> {
  const copies: CopiedFile[] = []
  for await (const one of record.copies()) copies.push(one)
  return copies
}

async function onlyFile(): Promise<string> {
  const [name = ''] = await readdir(movesDirectory(state))
  return join(movesDirectory(state), name)
}

/** What a process leaves that is killed: its journal, and no word of its end. */
async function killed(record: MoveRecord, owner: object): Promise<string> {
  const file = await onlyFile()
  const text = await readFile(file, 'utf8')
  await record.finish()
  await writeFile(file, text.replace(JSON.stringify(thisProcess()), JSON.stringify(owner)))
  return file
}

describe('the journal of a move', () => {
  it('is nothing but what was written, goes when the move is done, and is private', async () => {
    const record = await open()
    expect(record.isResumed).toBe(false)
    await Promise.all([record.copied(copy('a')), record.copied(copy('b'))])
    await record.deleted('a')
    expect((await copiesOf(record)).map(({ path }) => path).sort()).toEqual(['a', 'b'])
    expect((await stat(await onlyFile())).mode & 0o077).toBe(0)
    await record.finish()
    expect(await readdir(movesDirectory(state))).toEqual([])
    expect(await journal.resume(ends, {})).toBeUndefined()
  })

  it('tells the next attempt what was copied last and is not deleted, before and behind what that adds', async () => {
    const first = await open()
    for (const path of ['a', 'b', 'c']) await first.copied(copy(path))
    await first.deleted('a')
    await first.release()
    const second = await open()
    expect([second.isResumed, second.find('b'), second.find('d')]).toEqual([true, copy('b'), undefined])
    await second.copied(copy('b', 2))
    await second.copied(copy('d'))
    expect(await copiesOf(second)).toEqual([copy('c'), copy('b', 2), copy('d')])
    await second.release()
    const third = await open()
    expect(await copiesOf(third)).toEqual([copy('c'), copy('b', 2), copy('d')])
    await third.finish()
  })

  it('is kept from where on the target is ours, and told apart from one that came no further than its first line', async () => {
    const refused = await open()
    await refused.release()
    expect(await readdir(movesDirectory(state))).toEqual([])
    await killed(await open(), { ...thisProcess(), start: '1' })
    const second = await open()
    expect(second.isResumed).toBe(false)
    await second.begun()
    await second.release()
    const third = await open()
    expect(third.isResumed).toBe(true)
    await third.finish()
  })

  it('of a process that died is taken over, with a line that it could not finish left out', async () => {
    const record = await open()
    await record.copied(copy('a'))
    const file = await killed(record, { ...thisProcess(), start: '1' })
    await appendFile(file, '{"copied":"b","sour')
    const next = await open()
    expect([next.isResumed, next.find('a'), next.find('b')]).toEqual([true, copy('a'), undefined])
    await next.copied(copy('c'))
    expect(await copiesOf(next)).toEqual([copy('a'), copy('c')])
    await next.finish()
  })

  it('of a process that lives, or that nobody can see, is busy', async () => {
    const record = await open()
    await expect(open()).rejects.toMatchObject({ code: 'busy', reason: expect.stringContaining(String(process.pid)) as string })
    const file = await killed(record, { ...thisProcess(), place: 'another machine' })
    await expect(open()).rejects.toMatchObject({ code: 'busy', reason: expect.stringContaining(file) as string })
  })

  it('is had by one of many who want it at once', async () => {
    const first = await open()
    await first.begun()
    await first.release()
    for (let round = 0; round < 5; round++) {
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, open))
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
      expect(won).toHaveLength(1)
      await won[0]?.value.release()
    }
  })

  it('that nobody can read is begun anew', async () => {
    const first = await open()
    const file = await killed(first, thisProcess())
    await writeFile(file, 'no journal\n')
    const next = await open()
    expect(next.isResumed).toBe(false)
    expect(JSON.parse((await readFile(file, 'utf8')).trim())).toMatchObject({ move: 1, ...ends, kind: 'directory' })
    await next.finish()
  })
})

it('a move is done without a journal where none can be written, and a warning says so', async () => {
  const warnings: string[] = []
  const blocked = join(state, 'file')
  await writeFile(blocked, '')
  const environment = { ...processEnvironment(), env: { NEXUS_FS_STATE_DIR: join(blocked, 'state') }, warn: (message: string) => void warnings.push(message) }
  expect(await moveJournalIn(environment).resume(ends, {})).toBeUndefined()
  const record = await moveJournalIn(environment).open(ends, { kind: 'file' })
  await record.copied(copy(''))
  expect(await copiesOf(record)).toEqual([copy('')])
  await record.finish()
  expect(warnings).toEqual([expect.stringContaining('not written down')])
})
