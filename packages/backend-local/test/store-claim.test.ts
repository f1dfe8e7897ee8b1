import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isNexusError } from '@nexus/core/contract'
import { expect, test, onTestFinished } from 'vitest'
import { openLocalStore } from '../src/index.ts'
import { claimRepository } from '../src/store/claim-repository.ts'

function temporaryRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'nexus-claim-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

const isBusy = (error: unknown): boolean => isNexusError(error, 'busy')

test('a repository that another copy of SQLite has open in this process is refused, whatever path leads there', async () => {
  const root = temporaryRoot()
  const probe = await openLocalStore({ root })
  const { identity } = probe.journal
  await probe.journal.close()
  const release = claimRepository([identity], { another: 'copy' })
  const link = `${root}-link`
  symlinkSync(root, link)
  onTestFinished(() => rmSync(link))
  await expect(openLocalStore({ root })).rejects.toSatisfy(isBusy)
  await expect(openLocalStore({ root: link })).rejects.toSatisfy(isBusy)
  release()
  const opened = await openLocalStore({ root: link })
  expect(opened.journal.identity).toBe(identity)
  await opened.journal.close()
})

test('the same copy opens it as often as it likes, and the last one that closes gives it back', async () => {
  const root = temporaryRoot()
  const first = await openLocalStore({ root })
  const second = await openLocalStore({ root })
  await first.journal.close()
  await first.journal.close()
  expect(() => claimRepository([second.journal.identity], {})).toThrow(/another copy.*busy/s)
  await second.journal.close()
  claimRepository([second.journal.identity], {})()
})

test('a directory that does not exist yet is claimed by its place', async () => {
  const root = join(temporaryRoot(), 'later')
  const first = await openLocalStore({ root })
  expect(() => claimRepository([root], {})).toThrow(/another copy/)
  await first.journal.close()
})
