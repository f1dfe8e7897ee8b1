import fs, { type Stats } from 'node:fs'
import { promisify } from 'node:util'

/** What the store asks of the operating system, so that a test can make the Nth call fail. Everything without a promise blocks, and is quick. */
export interface FileOperations {
  open(path: string, flags: number | string, mode?: number): number
  close(fd: number): void
  read(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number
  readAway(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number>
  writeAway(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number>
  fdatasync(fd: number): Promise<void>
  fsync(fd: number): Promise<void>
  truncate(fd: number, length: number): void
  fstat(fd: number): Stats
  lstat(path: string): Stats
  rename(from: string, to: string): void
  link(from: string, to: string): void
  unlink(path: string): void
  mkdir(path: string): void
  rmdir(path: string): void
  readdir(path: string): string[]
}

const read = promisify(fs.read)
const write = promisify(fs.write)

/** The real thing. The names that end in `Away` leave the event loop free. */
export const nodeFiles: FileOperations = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  read: (fd, bytes, offset, length, position) => fs.readSync(fd, bytes, offset, length, position),
  write: (fd, bytes, offset, length, position) => fs.writeSync(fd, bytes, offset, length, position),
  readAway: async (fd, bytes, offset, length, position) => (await read(fd, bytes, offset, length, position)).bytesRead,
  writeAway: async (fd, bytes, offset, length, position) => (await write(fd, bytes, offset, length, position)).bytesWritten,
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
  truncate: (fd, length) => fs.ftruncateSync(fd, length),
  fstat: (fd) => fs.fstatSync(fd),
  lstat: (path) => fs.lstatSync(path),
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  unlink: (path) => fs.unlinkSync(path),
  mkdir: (path) => fs.mkdirSync(path),
  rmdir: (path) => fs.rmdirSync(path),
  readdir: (path) => fs.readdirSync(path),
}

/** Makes a directory's entries durable. */
export async function syncDirectory(files: FileOperations, path: string): Promise<void> {
  const fd = files.open(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  try {
    await files.fsync(fd)
  } finally {
    files.close(fd)
  }
}

/** Makes a directory unless it is there. @returns Whether it was made now. */
export function ensureDirectory(files: FileOperations, path: string): boolean {
  try {
    files.mkdir(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Code of an operating system error: `ENOENT`, `EIO` ... */
export function systemCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error comes from a call of the operating system. */
export function isSystemError(error: unknown): boolean {
  return systemCode(error) !== undefined && error instanceof Error && 'syscall' in error
}

/** Reads until `length` bytes are there or the file ends, without blocking. @returns The bytes that were there. */
export async function readFully(files: FileOperations, fd: number, range: { readonly offset: number; readonly length: number }): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(range.length)
  let done = 0
  while (done < range.length) {
    const count = await files.readAway(fd, bytes, done, range.length - done, range.offset + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}

/** The same on the event loop's own time: for small ranges only. */
export function readFullyNow(files: FileOperations, fd: number, range: { readonly offset: number; readonly length: number }): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(range.length)
  let done = 0
  while (done < range.length) {
    const count = files.read(fd, bytes, done, range.length - done, range.offset + done)
    if (count === 0) break
    done += count
  }
  return done === range.length ? bytes : bytes.subarray(0, done)
}
