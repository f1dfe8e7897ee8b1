import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePath } from '../contract/paths.ts'
import { type AccessLog, openAccessLog } from './access-log.ts'

const path = parsePath('/workspace/a')
const minuteMs = 60_000
let root = ''
let now = 0
let warnings: string[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-access-'))
  now = 1_000_000
  warnings = []
})
afterEach(() => rm(root, { recursive: true, force: true }))

const open = (): AccessLog => openAccessLog({ file: join(root, 'state', 'access.db'), now: () => now, warn: (message) => void warnings.push(message) })
const lastRead = (log: AccessLog): Promise<number | undefined> => log.lookUp((find) => Promise.resolve(find(path)))

describe('the log of reads', () => {
  it('is empty at first, and makes no file for that', async () => {
    expect(await lastRead(open())).toBeUndefined()
  })

  it('tells another process when a file was read', async () => {
    const log = open()
    log.note(path)
    await log.flush()
    expect(await lastRead(open())).toBe(1_000_000)
  })

  it('notes a file once an hour', async () => {
    const log = open()
    log.note(path)
    now += 59 * minuteMs
    log.note(path)
    expect(await lastRead(log)).toBe(1_000_000)
    now += minuteMs
    log.note(path)
    expect(await lastRead(log)).toBe(1_000_000 + 60 * minuteMs)
  })

  it('never goes back behind a later read', async () => {
    const [one, other] = [open(), open()]
    one.note(path)
    now += 120 * minuteMs
    other.note(path)
    await other.flush()
    await one.flush()
    expect(await lastRead(open())).toBe(1_000_000 + 120 * minuteMs)
  })

  it('warns once when it cannot be written, and fails no reader', async () => {
    await writeFile(join(root, 'state'), 'a file where the directory should be')
    const log = open()
    for (const name of ['/a', '/b']) {
      log.note(parsePath(name))
      await log.flush()
    }
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('access.db')
  })
})
