import type { FileContent, FileStat } from '../contract/backend.ts'
import { type StreamHooks, wrapStream } from './wrap-stream.ts'

/** What a wrapper wants to know of a body, and says in its place. */
interface ContentHooks extends StreamHooks {
  readonly stat?: FileStat | undefined
  /** Runs the collection of a whole body; a layer may bound it. Default: as it is. */
  readonly onCollect?: (<T>(collect: () => Promise<T>) => Promise<T>) | undefined
}

/** A body that passes untouched, while its failure and its end (read, broken, cancelled or disposed) are told to `hooks`. */
export function wrapContent(content: FileContent, hooks: ContentHooks): FileContent {
  const collect = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await (hooks.onCollect === undefined ? run() : hooks.onCollect(run))
    } catch (error) {
      throw hooks.onError(error)
    } finally {
      hooks.onEnd()
    }
  }
  return {
    stat: hooks.stat ?? content.stat,
    bytes: () => collect(() => content.bytes()),
    text: () => collect(() => content.text()),
    stream: () => wrapStream(content.stream(), hooks),
    [Symbol.asyncDispose]: async () => {
      try {
        await content[Symbol.asyncDispose]()
      } finally {
        hooks.onEnd()
      }
    },
  }
}
