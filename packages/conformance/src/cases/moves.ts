import assert from 'node:assert/strict'
import type { FileStat, MoveOptions } from '@nexus/core/contract'
import { type CaseContext, skip } from '../case.ts'
import { fails, optional, undeclared } from '../expect.ts'
import { at, holds, isAbsent, keysOf, put, putAll } from '../given.ts'

/** `rename` or `copy` with plain paths. */
export type Move = (from: string, to: string, options?: MoveOptions) => Promise<FileStat>

/** Runs the check with the verb where it is declared; elsewhere asserts that it is absent or refused. `emulated` may leave it to the kernel. */
export async function whereMoves(context: CaseContext, verb: 'rename' | 'copy', check: (move: Move) => Promise<unknown>): Promise<unknown> {
  const capability = context.capabilities[verb]
  const member = optional(context, verb)
  if (capability === false) return undeclared(context, verb, (call) => call(at('/from'), at('/to')))
  if (member === undefined && capability === 'emulated') return skip(`The kernel does ${verb} for it.`)
  if (member === undefined) return assert.fail(`The capabilities declare ${verb}, but the backend has no such member.`)
  return check((from, to, options) => member(at(from), at(to), options))
}

/** The target is made with its parents and holds everything of the source. */
export async function keepsFile(context: CaseContext, move: Move): Promise<void> {
  const attributes = context.capabilities.metadata ? { contentType: 'text/plain', metadata: { colour: 'red' } } : {}
  await put(context, '/docs/file', 'content', attributes)
  await move('/docs/file', '/new/deep/target')
  await holds(context, '/new/deep/target', 'content')
  const stat = await context.backend.stat(at('/new/deep/target'))
  assert.equal(stat.kind, 'file')
  if (!context.capabilities.metadata) return
  assert.equal(stat.contentType, 'text/plain')
  assert.deepEqual(stat.metadata, { colour: 'red' })
}

/** An existing file gives way. */
export async function replacesFile(context: CaseContext, move: Move): Promise<void> {
  await put(context, '/from', 'new')
  await put(context, '/to', 'old and longer')
  await move('/from', '/to')
  await holds(context, '/to', 'new')
}

/** The stat that the verb gives is the target's. */
export async function givesTargetStat(context: CaseContext, move: Move): Promise<void> {
  await put(context, '/from', 'content')
  const given = await move('/from', '/to')
  const stat = await context.backend.stat(at('/to'))
  for (const field of ['path', 'kind', 'sizeBytes', 'etag', 'digest', 'version'] as const)
    assert.equal(given[field], stat[field], `${field} differs`)
}

/** Onto itself: the same file, the same etag. */
export async function leavesItself(context: CaseContext, move: Move): Promise<void> {
  const { etag } = await put(context, '/docs/file', 'content')
  const stat = await move('/docs/file', '/docs/file')
  assert.equal(stat.path, '/docs/file')
  assert.equal(stat.etag, etag)
  await holds(context, '/docs/file', 'content')
  assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['docs/', 'docs/file'])
}

/** An absent source, onto another name and onto itself. */
export async function refusesAbsent(context: CaseContext, move: Move): Promise<void> {
  await put(context, '/to', 'kept')
  await fails('not_found', move('/absent', '/to'))
  await fails('not_found', move('/absent', '/new/to'))
  await fails('not_found', move('/absent', '/absent'))
  await fails('not_found', move('/to/below', '/new/to'))
  await holds(context, '/to', 'kept')
  await isAbsent(context, '/new')
}

/** A target that is a directory, or lies below a file. */
export async function refusesTarget(context: CaseContext, move: Move, target: 'directory' | 'below a file'): Promise<void> {
  await putAll(context, ['/from', '/docs/a', '/file'])
  if (target === 'directory') {
    await fails('is_directory', move('/from', '/docs'))
    await fails('is_directory', move('/from', '/'))
  } else {
    await fails('not_directory', move('/from', '/file/below'))
    await fails('not_directory', move('/from', '/file/deep/below'))
  }
  for (const path of ['/from', '/docs/a', '/file']) await holds(context, path, path)
}

/** `ifMatch` speaks of the source. */
export async function checksSource(context: CaseContext, move: Move): Promise<unknown> {
  const { etag } = await put(context, '/from', 'old')
  if (context.capabilities.ifMatch === false) return fails('unsupported', move('/from', '/to', { ifMatch: etag }))
  const { etag: current } = await put(context, '/from', 'new')
  await fails('precondition_failed', move('/from', '/to', { ifMatch: etag }))
  await isAbsent(context, '/to')
  await holds(context, '/from', 'new')
  await move('/from', '/to', { ifMatch: current })
  return holds(context, '/to', 'new')
}

/** `ifNoneMatch` speaks of the target. */
export async function neverReplaces(context: CaseContext, move: Move): Promise<unknown> {
  await putAll(context, ['/from', '/to', '/docs/a'])
  if (context.capabilities.ifNoneMatch === false) return fails('unsupported', move('/from', '/to', { ifNoneMatch: '*' }))
  await fails('precondition_failed', move('/from', '/to', { ifNoneMatch: '*' }))
  await fails('precondition_failed', move('/from', '/docs', { ifNoneMatch: '*' }))
  await holds(context, '/to', '/to')
  await holds(context, '/from', '/from')
  await move('/from', '/new', { ifNoneMatch: '*' })
  return holds(context, '/new', '/from')
}
