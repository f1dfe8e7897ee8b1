import { compareEscapedLast } from '../contract/escaped-names.ts'
import type { Item } from './items.ts'

/** What two sides, seen together in order, say of one name. */
export type Finding =
  | { readonly found: 'both'; readonly source: Item; readonly target: Item }
  | { readonly found: 'source'; readonly source: Item }
  /** A file at the source; at the target a directory has its name. */
  | { readonly found: 'directoryInTheWay'; readonly source: Item; readonly target: Item }
  /** A directory at the source; at the target a file has its name. Told before anything in the directory is. */
  | { readonly found: 'fileInTheWay'; readonly source: Item; readonly target: Item }
  | { readonly found: 'target'; readonly target: Item }

/** Files of one side alone that may meet a directory of their name at the other side, which comes later in the order. Each name begins with the one before it. */
type Waiting = Item[]

/** Goes through both sides at once, in the order of `compareEscapedLast`, and holds no more of them than the names that begin alike. */
export async function* compareSides(sourceItems: AsyncIterable<Item>, targetItems: AsyncIterable<Item>): AsyncGenerator<Finding> {
  const waiting: { readonly source: Waiting; readonly target: Waiting } = { source: [], target: [] }
  for await (const { source, target } of paired(sourceItems, targetItems)) {
    const key = (source ?? target)?.key ?? ''
    yield* given(waiting, key)
    if (source !== undefined && target !== undefined) yield { found: 'both', source, target }
    else if (source !== undefined) yield* onlyAtSource(waiting, source)
    else if (target !== undefined) yield* onlyAtTarget(waiting, target)
  }
  yield* given(waiting)
}

function* onlyAtSource({ source: waiting, target: others }: Record<'source' | 'target', Waiting>, source: Item): Generator<Finding> {
  if (source.entry.kind === 'file') return void waiting.push(source)
  const target = takeNamesake(others, source)
  if (target !== undefined) yield { found: 'fileInTheWay', source, target }
  yield { found: 'source', source }
}

function* onlyAtTarget({ source: others, target: waiting }: Record<'source' | 'target', Waiting>, target: Item): Generator<Finding> {
  if (target.entry.kind === 'file') return void waiting.push(target)
  const source = takeNamesake(others, target)
  if (source === undefined) yield { found: 'target', target }
  else yield { found: 'directoryInTheWay', source, target }
}

function takeNamesake(files: Waiting, directory: Item): Item | undefined {
  const last = files.at(-1)
  return last !== undefined && `${last.key}/` === directory.key ? files.pop() : undefined
}

/** Those that no directory can follow any more, because the order has passed it; without a key all. */
function* given({ source, target }: Record<'source' | 'target', Waiting>, key?: string): Generator<Finding> {
  for (let item = takePassed(source, key); item !== undefined; item = takePassed(source, key)) yield { found: 'source', source: item }
  for (let item = takePassed(target, key); item !== undefined; item = takePassed(target, key)) yield { found: 'target', target: item }
}

function takePassed(waiting: Waiting, key: string | undefined): Item | undefined {
  const last = waiting.at(-1)
  return last !== undefined && (key === undefined || compareEscapedLast(`${last.key}/`, key) < 0) ? waiting.pop() : undefined
}

/** Two ordered sources as one; what has the same key comes together. */
async function* paired(sourceItems: AsyncIterable<Item>, targetItems: AsyncIterable<Item>): AsyncGenerator<{ readonly source?: Item; readonly target?: Item }> {
  const [sources, targets] = [sourceItems[Symbol.asyncIterator](), targetItems[Symbol.asyncIterator]()]
  try {
    let [source, target] = await Promise.all([sources.next(), targets.next()])
    while (source.done !== true || target.done !== true) {
      const order = source.done === true ? 1 : target.done === true ? -1 : compareEscapedLast(source.value.key, target.value.key)
      if (order === 0) {
        yield { source: source.value as Item, target: target.value as Item }
        ;[source, target] = await Promise.all([sources.next(), targets.next()])
      } else if (order < 0) {
        yield { source: source.value as Item }
        source = await sources.next()
      } else {
        yield { target: target.value as Item }
        target = await targets.next()
      }
    }
  } finally {
    await Promise.all([sources.return?.(), targets.return?.()])
  }
}
