import type { Backend, Entry, ListOptions } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { iterate } from './iterate.ts'
import type { Place } from './place.ts'

/** {@link ListOptions}, and what only a backend made of backends understands. */
export interface KernelListOptions extends ListOptions {
  /** Whether a recursive listing goes on inside the mounts below. Default false: their mount points are listed, not what is in them. */
  readonly crossMounts?: boolean | undefined
}

/** Lists on the place's own mount. */
export function listAt(place: Place, options: ListOptions | undefined): AsyncGenerator<Entry> {
  return iterate({ place, options, run: runList })
}

const runList = (backend: Backend, inner: Path, options: ListOptions): AsyncIterable<Entry> => backend.list(inner, options)
