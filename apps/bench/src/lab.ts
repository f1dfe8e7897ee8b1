import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** How much is measured: everything, enough for a first look, or just that every row works. */
type Scale = 'full' | 'quick' | 'tiny'

/** Where and how large rows measure. */
export interface Lab {
  readonly scale: Scale
  /** Files of the largest directory; 0 leaves those rows out. */
  readonly files: number
  readonly pick: (sizes: Readonly<Record<Scale, number>>) => number
  /** A fresh directory on the disk that is measured. */
  readonly directory: (name: string) => string
}

/** A lab that keeps everything below `root`. */
export function createLab(root: string, { scale, files }: Pick<Lab, 'scale' | 'files'>): Lab {
  let count = 0
  return {
    scale,
    files,
    pick: (sizes) => sizes[scale],
    directory: (name) => {
      const path = join(root, `${++count}-${name}`)
      mkdirSync(path, { recursive: true })
      return path
    },
  }
}
