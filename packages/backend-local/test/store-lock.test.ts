import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isNexusError, journalStart } from '@nexus/core/contract'
import { describe, expect, it, vi } from 'vitest'
import { isNetworkKind, probeBootId, probeFilesystem, processName, processState } from '../src/store/machine.ts'
import { openLocalStore } from '../src/store/open.ts'
import { createTurns } from '../src/store/turns.ts'
import { commit, entriesOf, openTestStore, startChild, temporaryRoot, textsOf } from './store-kit.ts'

const firstOutput = (child: ReturnType<typeof startChild>['child']): Promise<unknown> => new Promise((resolve) => child.stdout.once('data', resolve))

describe('the lock', () => {
  it('is refused after its time, naming who holds it, and given when that process dies', async () => {
    const { root, ...stores } = await openTestStore({ environment: { lockTimeoutMs: 40 } })
    const { child, ended } = startChild('hold', root)
    await firstOutput(child)
    const error: unknown = await commit(stores, 'a').catch((failure: unknown) => failure)
    expect(isNexusError(error, 'busy')).toBe(true)
    expect(String(error)).toContain(`process ${child.pid ?? 0}, started 2`)
    child.kill('SIGKILL')
    await ended
    await commit(stores, 'b')
    expect(await textsOf(stores)).toEqual(['b'])
  })

  it('is not waited for by who gives up', async () => {
    const { root, ...stores } = await openTestStore()
    const { child } = startChild('hold', root)
    await firstOutput(child)
    const reason = new Error('enough')
    const stop = new AbortController()
    const waiting = [1, 2].map(() => stores.journal.append(journalStart, () => [], { durability: 'os', signal: stop.signal }))
    stop.abort(reason)
    for (const wait of waiting) await expect(wait).rejects.toBe(reason)
    child.stdin.write('go')
    await commit(stores, 'a')
    expect(readFileSync(join(root, 'lock.holder'), 'utf8')).toContain(`process ${process.pid},`)
  })

  it('lets callers of one process in by order of arrival', async () => {
    const stores = await openTestStore()
    const order: number[] = []
    const commit = async (number: number): Promise<void> => {
      await stores.journal.append(journalStart, async () => {
        await Promise.resolve()
        order.push(number)
        return []
      }, { durability: 'os' })
    }
    await Promise.all([1, 2, 3, 4].map(commit))
    expect(order).toEqual([1, 2, 3, 4])
  })

  it('is one again soon after lock.db was deleted', async () => {
    const { root, ...stores } = await openTestStore()
    await commit(stores, 'a')
    rmSync(join(root, 'lock.db'))
    const { child } = startChild('hold', root)
    await firstOutput(child)
    await vi.waitFor(async () => {
      const attempt = stores.journal.append(journalStart, () => [], { durability: 'os', signal: AbortSignal.timeout(20) })
      await expect(attempt).rejects.toThrow(/timeout/)
    }, { timeout: 10_000 })
    child.stdin.write('go')
    await commit(stores, 'b')
    expect(await textsOf(stores)).toEqual(['a', 'b'])
  })

  it('is not needed to read, only to write', async () => {
    const { root, ...stores } = await openTestStore()
    await commit(stores, ['a', 'b'])
    await stores.journal.close()
    for (const name of ['lock.db', 'lock.db-wal', 'lock.db-shm', 'head']) rmSync(join(root, name), { force: true })
    // What SQLite cannot open for writing, whoever runs this test.
    mkdirSync(join(root, 'lock.db'))
    const reader = await openTestStore({ root })
    expect(await textsOf(reader)).toEqual(['a', 'b'])
    const [entry] = await entriesOf(reader)
    expect(await reader.journal.entryAt(entry!.end)).toEqual(entry)
    await expect(reader.journal.append(journalStart, () => [], { durability: 'os' })).rejects.toSatisfy((error) => isNexusError(error, 'read_only'))
    expect(existsSync(join(root, 'head'))).toBe(false)
  })

  it('is not taken to close, and its file not made', async () => {
    const root = temporaryRoot()
    await (await openLocalStore({ root })).journal.close()
    expect(readdirSync(root)).toEqual([])
    const stores = await openTestStore()
    const { child } = startChild('hold', stores.root)
    await firstOutput(child)
    await stores.journal.close()
  })

  it('keeps the order when one of those who wait gives up', async () => {
    const turns = createTurns()
    const stop = new AbortController()
    expect(turns.enter(undefined)).toBeUndefined()
    const second = turns.enter(stop.signal)
    const third = turns.enter(undefined)
    stop.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    turns.leave()
    await third
    turns.leave()
    expect(turns.enter(undefined)).toBeUndefined()
  })
})

describe('the machine', () => {
  it('tells its boot id, the kind of a file system, and whether a process is there', () => {
    expect(probeBootId()).toBe(process.platform === 'linux' ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : probeBootId())
    expect(isNetworkKind(probeFilesystem(join(temporaryRoot(), 'not', 'there')))).toBe(false)
    const mine = processName('boot')
    expect(processState(`${mine}-aa`, 'boot')).toBe('running')
    expect(processState(`${mine}-aa`, 'another boot')).toBe('gone')
  })

  it.each(['nfs', 'cifs', 'smb2', '9p', 'fuse.sshfs'])('keeps no repository on %s', async (kind) => {
    await expect(openLocalStore({ root: temporaryRoot(), environment: { filesystem: () => kind } })).rejects.toThrow(`locks and syncs that ${kind} does not keep`)
  })

  it('gives one directory one identity, and a changed boot another epoch', async () => {
    const { root, journal } = await openTestStore({ environment: { bootId: 'one' } })
    const again = await openTestStore({ root: join(root, '..', root.split('/').at(-1) ?? ''), environment: { bootId: 'two' } })
    expect(again.journal.identity).toBe(journal.identity)
    expect((await openTestStore()).journal.identity).not.toBe(journal.identity)
    expect([journal.epoch, again.journal.epoch]).toEqual(['one', 'two'])
  })
})
