import assert from 'node:assert/strict'
import { toBytes } from '../bodies.ts'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, bytesOf, holds, isAbsent, isThere, put, putAll } from '../given.ts'

/** Runs the check where the condition is declared; elsewhere asserts that it is refused and changes nothing. */
async function where(context: CaseContext, condition: 'ifMatch' | 'ifNoneMatch', check: () => Promise<unknown>): Promise<unknown> {
  if (context.capabilities[condition] !== false) return check()
  const options = condition === 'ifMatch' ? { ifMatch: 'any' } : { ifNoneMatch: '*' as const }
  await fails('unsupported', put(context, '/refused', 'x', options))
  return isAbsent(context, '/refused')
}

async function etagOf(context: CaseContext, path: string): Promise<string> {
  const { etag } = await context.backend.stat(at(path))
  return etag ?? assert.fail(`${path} has no etag.`)
}

/** How many of the calls succeeded; all others must have failed with `precondition_failed`. */
async function countWinners(calls: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(calls)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') await fails('precondition_failed', Promise.reject(outcome.reason as Error))
  return outcomes.filter((outcome) => outcome.status === 'fulfilled').length
}

/** Conditional reads, writes and deletes. */
export const conditionCases: readonly ContractCase[] = section('Conditions', {
  '`write` with `ifMatch` replaces the file that has this etag.': (context) =>
    where(context, 'ifMatch', async () => {
      const { etag } = await put(context, '/file', 'old')
      const written = await put(context, '/file', 'new', { ifMatch: etag })
      await put(context, '/file', 'newer', { ifMatch: written.etag })
      await holds(context, '/file', 'newer')
    }),
  '`write` with another etag in `ifMatch` fails with `precondition_failed` and changes nothing.': (context) =>
    where(context, 'ifMatch', async () => {
      const { etag } = await put(context, '/file', 'old')
      await put(context, '/file', 'new')
      await fails('precondition_failed', put(context, '/file', 'lost', { ifMatch: etag }))
      await fails('precondition_failed', put(context, '/file', 'lost', { ifMatch: 'no such etag' }))
      await holds(context, '/file', 'new')
    }),
  '`write` with `ifMatch` where there is no file fails with `precondition_failed` and makes nothing.': (context) =>
    where(context, 'ifMatch', async () => {
      const { etag } = await put(context, '/file', 'old')
      await context.backend.delete(at('/file'))
      await fails('precondition_failed', put(context, '/file', 'x', { ifMatch: etag }))
      await fails('precondition_failed', put(context, '/new/file', 'x', { ifMatch: etag }))
      await isAbsent(context, '/file')
      await isAbsent(context, '/new')
    }),
  '`write` with `ifNoneMatch` creates a file where nothing is.': (context) =>
    where(context, 'ifNoneMatch', async () => {
      await put(context, '/new/file', 'first', { ifNoneMatch: '*' })
      await context.backend.delete(at('/new/file'))
      await put(context, '/new/file', 'again', { ifNoneMatch: '*' })
      await holds(context, '/new/file', 'again')
    }),
  '`write` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where a file or directory is.': (context) =>
    where(context, 'ifNoneMatch', async () => {
      await putAll(context, ['/docs/file'])
      await fails('precondition_failed', put(context, '/docs/file', 'lost', { ifNoneMatch: '*' }))
      await fails('precondition_failed', put(context, '/docs', 'lost', { ifNoneMatch: '*' }))
      await holds(context, '/docs/file', '/docs/file')
    }),
  'The etag changes when the content does, at once and also when the size stays.': async (context) => {
    const etags = new Set<string>()
    for (const content of ['aaaa', 'bbbb', 'cccc', 'dddd']) {
      await put(context, '/file', content)
      etags.add(await etagOf(context, '/file'))
    }
    assert.equal(etags.size, 4)
  },
  'The etag stays when nothing changes, and `read` tells the same one.': async (context) => {
    const { etag } = await put(context, '/file', 'content')
    await putAll(context, ['/other', '/docs/file'])
    await bytesOf(context, '/file')
    assert.equal(await etagOf(context, '/file'), etag)
    await using content = await context.backend.read(at('/file'))
    assert.equal(content.stat.etag, etag)
  },
  '`read` with `ifMatch` gives the file that has this etag, and else fails with `precondition_failed`.': async (context) => {
    const { etag } = await put(context, '/file', 'old')
    if (context.capabilities.ifMatch === false) {
      await fails('unsupported', context.backend.read(at('/file'), { ifMatch: etag }))
      return
    }
    await holds(context, '/file', 'old', { ifMatch: etag })
    await put(context, '/file', 'new')
    await fails('precondition_failed', context.backend.read(at('/file'), { ifMatch: etag }))
  },
  '`delete` with `ifMatch` deletes the file that has this etag, and else fails with `precondition_failed`.': async (context) => {
    const { etag: old } = await put(context, '/file', 'old')
    if (context.capabilities.ifMatch === false) return fails('unsupported', context.backend.delete(at('/file'), { ifMatch: old }))
    const { etag } = await put(context, '/file', 'new')
    await fails('precondition_failed', context.backend.delete(at('/file'), { ifMatch: old }))
    await holds(context, '/file', 'new')
    await context.backend.delete(at('/file'), { ifMatch: etag })
    return isAbsent(context, '/file')
  },
  'Of many writers who hold the same etag, exactly one writes.': (context) =>
    where(context, 'ifMatch', async () => {
      const { etag } = await put(context, '/file', 'old')
      const writers = Array.from({ length: 8 }, (_, index) => put(context, '/file', `writer ${index}`, { ifMatch: etag }))
      assert.equal(await countWinners(writers), 1)
    }),
  'Of many writers with `ifNoneMatch`, exactly one writes, and its content stays.': (context) =>
    where(context, 'ifNoneMatch', async () => {
      const writers = Array.from({ length: 8 }, async (_, index) => {
        await context.backend.write(at('/new/file'), toBytes(`writer ${index}`), { ifNoneMatch: '*' })
        await holds(context, '/new/file', `writer ${index}`)
      })
      assert.equal(await countWinners(writers), 1)
      assert.ok(await isThere(context, '/new/file'))
    }),
})
