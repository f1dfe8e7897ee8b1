import fs from 'node:fs'
import { promisify } from 'node:util'
import type { FileOperations } from './open-test-repository.ts'

/** The calls of the operating system, as the local store makes them; recorders and faults stand in front of these. */
export const realFiles: FileOperations = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  read: (fd, bytes, offset, length, position) => fs.readSync(fd, bytes, offset, length, position),
  write: (fd, bytes, offset, length, position) => fs.writeSync(fd, bytes, offset, length, position),
  readAway: async (fd, bytes, offset, length, position) => (await promisify(fs.read)(fd, bytes, offset, length, position)).bytesRead,
  writeAway: async (fd, bytes, offset, length, position) => (await promisify(fs.write)(fd, bytes, offset, length, position)).bytesWritten,
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
