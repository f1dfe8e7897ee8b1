import { constants } from 'node:fs'
import type { FileOperations } from '../model/open-test-repository.ts'
import { realFiles } from '../model/real-files.ts'
import type { DiskLog } from './disk-log.ts'

/** Real files whose changes are written to a log. With `losesSyncs` a sync does nothing: the negative control. */
export function recordingFiles(log: DiskLog, { losesSyncs = false }: { readonly losesSyncs?: boolean | undefined } = {}): FileOperations {
  const sync = async (fd: number, call: (fd: number) => Promise<void>): Promise<void> => {
    const of = log.of(fd)
    // Only what was written before the sync began is promised.
    const upTo = log.events.length
    await call(fd)
    if (!losesSyncs) log.events.push({ kind: 'sync', of, upTo })
  }
  const wrote = (fd: number, bytes: Uint8Array, { offset, count, position }: { offset: number; count: number; position: number }): number => {
    log.events.push({ kind: 'data', inode: log.file(fd), offset: position, bytes: bytes.slice(offset, offset + count) })
    return count
  }
  return {
    ...realFiles,
    open: (path, flags, mode) => {
      const fd = realFiles.open(path, flags, mode)
      noteOpened(log, { fd, path, flags: Number(flags) })
      return fd
    },
    close: (fd) => {
      realFiles.close(fd)
      log.closed(fd)
    },
    write: (fd, bytes, offset, length, position) => wrote(fd, bytes, { offset, count: realFiles.write(fd, bytes, offset, length, position), position }),
    writeAway: async (fd, bytes, offset, length, position) => wrote(fd, bytes, { offset, count: await realFiles.writeAway(fd, bytes, offset, length, position), position }),
    fdatasync: (fd) => sync(fd, (real) => realFiles.fdatasync(real)),
    fsync: (fd) => sync(fd, (real) => realFiles.fsync(real)),
    truncate: (fd, length) => {
      realFiles.truncate(fd, length)
      log.events.push({ kind: 'truncate', inode: log.file(fd), length })
    },
    rename: (from, to) => {
      realFiles.rename(from, to)
      log.rename(from, to)
    },
    link: (from, to) => {
      realFiles.link(from, to)
      log.link(from, to)
    },
    unlink: (path) => {
      realFiles.unlink(path)
      log.unlink(path)
    },
    mkdir: (path) => {
      realFiles.mkdir(path)
      log.entries(path, 'directory')
    },
    rmdir: (path) => {
      realFiles.rmdir(path)
      log.entries(path, undefined)
    },
  }
}

function noteOpened(log: DiskLog, { fd, path, flags }: { readonly fd: number; readonly path: string; readonly flags: number }): void {
  if ((flags & constants.O_CREAT) !== 0) log.create(path)
  log.opened(fd, path)
  const inode = log.inode(path)
  if ((flags & constants.O_TRUNC) !== 0 && inode !== undefined) log.events.push({ kind: 'truncate', inode, length: 0 })
}
