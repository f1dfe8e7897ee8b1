import assert from 'node:assert/strict'
import type { Change, ChangesOptions } from '@nexus/core/contract'
import { type CaseContext, type ContractCase, section, skip } from '../case.ts'
import { declared, fails, optional, rejectsWith, undeclared } from '../expect.ts'
import { at, firstOf, put, putAll } from '../given.ts'

type Watch = (path: string, options?: ChangesOptions) => AsyncIterable<Change>

async function where(context: CaseContext, check: (changes: Watch) => Promise<unknown>): Promise<unknown> {
  if (context.capabilities.changes === false) return undeclared(context, 'changes', (changes) => firstOf(changes(at('/'))))
  const changes = declared(context, 'changes')
  return check((path, options) => changes(at(path), options))
}

/** The first change that fits, while `act` goes on making some: a live watch may take a moment to begin. */
async function firstChange(
  changes: AsyncIterable<Change>,
  fits: (change: Change) => boolean,
  act: () => Promise<unknown>,
): Promise<Change> {
  const found = findChange(changes, fits)
  for (;;) {
    const change = await Promise.race([found, act().then(pause)])
    if (change !== undefined) return change
  }
}

function pause(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 5))
}

async function findChange(changes: AsyncIterable<Change>, fits: (change: Change) => boolean): Promise<Change> {
  for await (const change of changes) if (fits(change)) return change
  return assert.fail('The changes ended, but they never end by themselves.')
}

const mark = '/mark'

/** Changes from a cursor until the one at `last`, which must come; without those at {@link mark}, of which some may be behind the cursor. */
async function changesUntil(changes: AsyncIterable<Change>, last: string): Promise<Change[]> {
  const seen: Change[] = []
  for await (const change of changes) {
    if (change.path !== mark) seen.push(change)
    if (change.path === last) return seen
  }
  return assert.fail('The changes ended, but they never end by themselves.')
}

/** A cursor of this moment; only for `resumable`. */
async function cursorNow(context: CaseContext, changes: Watch): Promise<string> {
  const { cursor } = await firstChange(
    changes('/'),
    ({ path }) => path === mark,
    () => put(context, mark, String(Math.random())),
  )
  return cursor
}

/** What `watch` is built on. */
export const changeCases: readonly ContractCase[] = section('Changes', {
  '`changes` tells of a file that is written from its first step on.': (context) =>
    where(context, async (changes) => {
      await put(context, '/docs/before', 'old')
      const change = await firstChange(
        changes('/'),
        () => true,
        () => put(context, '/docs/file', String(Math.random())),
      )
      assert.notEqual(change.path, '/docs/before')
      const file = await firstChange(
        changes('/docs'),
        ({ path }) => path === '/docs/file',
        () => put(context, '/docs/file', String(Math.random())),
      )
      assert.deepEqual([file.kind, typeof file.cursor], ['file', 'string'])
      assert.ok(file.type === 'created' || file.type === 'modified', file.type)
    }),
  '`changes` tells of a file that is deleted.': (context) =>
    where(context, async (changes) => {
      const toggle = async (): Promise<void> => {
        await put(context, '/file', 'x')
        await context.backend.delete(at('/file'))
      }
      const change = await firstChange(changes('/'), ({ type }) => type === 'deleted', toggle)
      assert.equal(change.path, '/file')
    }),
  '`changes` tells of nothing outside its path, and without `recursive` only of direct children.': (context) =>
    where(context, async (changes) => {
      await putAll(context, ['/docs/sub/a', '/docs/a', '/docs-not/a'])
      const act = async (): Promise<void> => {
        for (const path of ['/docs-not/a', '/docs/sub/a', '/docs/a']) await put(context, path, String(Math.random()))
      }
      const below = await firstChange(changes('/docs'), ({ kind }) => kind === 'file', act)
      assert.ok(below.path.startsWith('/docs/'), below.path)
      const direct = await firstChange(changes('/docs', { recursive: false }), ({ kind }) => kind === 'file', act)
      assert.equal(direct.path, '/docs/a')
    }),
  '`since` goes on after a change, gives every later one once and in order, and is refused with `unsupported` by `live` backends.': (
    context,
  ) =>
    where(context, async (changes) => {
      if (context.capabilities.changes === 'live') return fails('unsupported', firstOf(changes('/', { since: 'any' })))
      const since = await cursorNow(context, changes)
      const paths = ['/a', '/b', '/c', '/a', '/end']
      for (const path of paths) await put(context, path, String(Math.random()))
      const seen = await changesUntil(changes('/', { since }), '/end')
      assert.deepEqual(
        seen.map(({ path }) => path),
        paths,
      )
      const later = await changesUntil(changes('/', { since: seen[1]?.cursor }), '/end')
      assert.deepEqual(
        later.map(({ path }) => path),
        paths.slice(2),
      )
      return undefined
    }),
  'A resumable change says `created`, `modified`, `deleted` or `renamed` (with `from`), as it was.': (context) =>
    where(context, async (changes) => {
      if (context.capabilities.changes === 'live') return skip('What a live change says is the best that the backend knows.')
      const since = await cursorNow(context, changes)
      const rename = optional(context, 'rename')
      await put(context, '/file', 'one')
      await put(context, '/file', 'two')
      if (rename === undefined || context.capabilities.rename !== 'atomic') return skip('The backend does not rename in one step.')
      await rename(at('/file'), at('/moved'))
      await context.backend.delete(at('/moved'))
      await put(context, '/end', 'x')
      const seen = await changesUntil(changes('/', { since }), '/end')
      const told = seen.map(({ type, path, from }) => [type, path, from])
      assert.deepEqual(told, [
        ['created', '/file', undefined],
        ['modified', '/file', undefined],
        ['renamed', '/moved', '/file'],
        ['deleted', '/moved', undefined],
        ['created', '/end', undefined],
      ])
      return undefined
    }),
  'An unknown cursor fails with `invalid_argument`.': (context) =>
    where(context, async (changes) => {
      const code = context.capabilities.changes === 'live' ? 'unsupported' : 'invalid_argument'
      for (const since of ['no such cursor', '', '999999999999']) await fails(code, firstOf(changes('/', { since })))
    }),
  'An abort ends `changes` that wait, with `signal.reason`.': (context) =>
    where(context, async (changes) => {
      const reason = new Error('Enough watching.')
      const controller = new AbortController()
      const iterator = changes('/', { signal: controller.signal })[Symbol.asyncIterator]()
      const step = iterator.next()
      controller.abort(reason)
      await rejectsWith(reason, step)
    }),
  '`changes` calls `onBegin` once, and tells of everything that happens from then on.': (context) =>
    where(context, async (changes) => {
      const begun = Promise.withResolvers<undefined>()
      let calls = 0
      const onBegin = (): void => {
        calls++
        begun.resolve(undefined)
      }
      const iterator = changes('/', { onBegin })[Symbol.asyncIterator]()
      const first = iterator.next()
      await Promise.race([begun.promise, first])
      for (const path of ['/a', '/b']) await put(context, path, 'x')
      const change = (await first).value as Change
      assert.deepEqual([calls, change.path], [1, '/a'])
      await iterator.return?.()
    }),
})
