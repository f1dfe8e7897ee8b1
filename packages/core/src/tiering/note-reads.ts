import type { Layer } from '../contract/backend.ts'
import { isWithin, type Path, underPath } from '../contract/paths.ts'
import type { AccessLog } from './access-log.ts'

/** Whose reads are noted. */
export interface NoteReadsOptions {
  readonly log: AccessLog
  /** Where the backend is mounted: the log knows files by their whole path. */
  readonly mountPoint: Path
  /** Directories whose files matter, as the backend knows them. */
  readonly within: readonly Path[]
}

/** Notes which files are read; changes nothing. */
export const noteReads =
  ({ log, mountPoint, within }: NoteReadsOptions): Layer =>
  (inner) =>
    Object.defineProperties({ ...inner }, {
      ...Object.getOwnPropertyDescriptors(inner),
      read: {
        enumerable: true,
        value: async (...[path, options]: Parameters<typeof inner.read>) => {
          const content = await inner.read(path, options)
          if (within.some((directory) => isWithin(path, directory))) log.note(underPath(mountPoint, path))
          return content
        },
      },
      close: {
        enumerable: true,
        value: async () => {
          await log.flush()
          await inner.close()
        },
      },
    })
