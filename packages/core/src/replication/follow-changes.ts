import type { Backend, Change } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { rootPath } from '../contract/paths.ts'
import { hasMountBelow } from '../facade/mount-borders.ts'
import { sleep } from '../layers/sleep.ts'
import type { SyncPair } from './sync-run.ts'
import { partOf, type TouchedPaths } from './touched-paths.ts'
import type { Wake } from './wake.ts'

/** Who is told which parts of a source were touched. */
interface Follower {
  readonly pair: SyncPair
  readonly touched: TouchedPaths
  readonly wake: Wake
  readonly signal: AbortSignal
  /** How often everything counts as touched where nothing tells, and how long a broken feed rests, in milliseconds. */
  readonly intervalMs: number
}

type Feed = NonNullable<Backend['changes']>

/** Notes what changes at the source, until the signal aborts, with whose reason it rejects. */
export async function followChanges(follower: Follower): Promise<never> {
  const { intervalMs, signal } = follower
  const feed = feedOf(follower.pair)
  let since: string | undefined
  for (;;) {
    if (feed !== undefined) since = await followFeed(follower, feed, since)
    await sleep(intervalMs, signal)
    // Without a feed, or after one that broke off and cannot go on where it was, anything may have happened.
    if (since === undefined) touchAll(follower)
  }
}

/** A feed tells of one mount: where others below take part, all is gone through instead. */
function feedOf({ backend, from, options }: SyncPair): Feed | undefined {
  const { changes } = backend.capabilitiesAt?.(from) ?? backend.capabilities
  if (changes === false || (options.crossMounts === true && hasMountBelow(backend, from))) return undefined
  return backend.changes?.bind(backend)
}

/** @returns The cursor to go on from; `undefined` when there is none */
async function followFeed(follower: Follower, feed: Feed, since: string | undefined): Promise<string | undefined> {
  const { pair: { backend, from }, wake, signal } = follower
  const isResumable = (backend.capabilitiesAt?.(from) ?? backend.capabilities).changes === 'resumable'
  const onBegin = (): void => {
    if (since === undefined) touchAll(follower)
  }
  let cursor = since
  try {
    for await (const change of feed(from, { signal, since, onBegin })) {
      note(follower, change)
      if (isResumable) cursor = change.cursor
      wake.ring()
    }
    return cursor
  } catch (error) {
    signal.throwIfAborted()
    if (!isNexusError(error)) throw error
    return isNexusError(error, 'invalid_argument') ? undefined : cursor
  }
}

function note({ pair: { from }, touched }: Follower, change: Change): void {
  for (const path of [change.path, change.from]) {
    const part = path === undefined ? undefined : partOf(path, from)
    if (part !== undefined) touched.add(part)
  }
}

function touchAll({ touched, wake }: Follower): void {
  touched.add(rootPath)
  wake.ring()
}
