/** One file kept open for a reader. */
export interface OpenFile {
  readonly isClosed: () => boolean
  /** Twice is once. */
  readonly close: () => void
}

/** The files that readers keep open, so that closing the mount closes them. */
export interface OpenFiles {
  readonly add: (close: () => void) => OpenFile
  readonly closeAll: () => void
}

/** Keeps no reader alive: only what closes its file. */
export function createOpenFiles(): OpenFiles {
  const open = new Set<OpenFile>()
  const add = (release: () => void): OpenFile => {
    const file: OpenFile = {
      isClosed: () => !open.has(file),
      close: () => {
        if (open.delete(file)) release()
      },
    }
    open.add(file)
    return file
  }
  return { add, closeAll: () => [...open].forEach((file) => file.close()) }
}
