import { expect, test } from 'vitest'
import { countTrace } from '../src/trace.ts'

const marks = { root: '/d/data', begin: '/mark-begin', end: '/mark-end' }

const lines = [
  '10 pwrite64(20</d/data/journal/1>, "before", 6, 0) = 6',
  '10 access("/mark-begin", F_OK) = -1 ENOENT (No such file or directory)',
  '10 pwrite64(20</d/data/journal/1>, "NXR1"..., 1500, 4096) = 1500',
  '11 fdatasync(20</d/data/journal/1> <unfinished ...>',
  '12 pwrite64(21</d/data/index.db-wal>, "x"..., 4120, 0 <unfinished ...>',
  '11 <... fdatasync resumed>) = 0',
  '10 write(7<anon_inode:[eventfd]>, "\\1", 8) = 8',
  '12 <... pwrite64 resumed>) = 4120',
  '10 write(22</d/data/tmp/w/1>, "y"..., 300) = 300',
  '10 fsync(23</elsewhere>) = 0',
  '10 fsync(23</d/data/cas/ab>) = -1 EIO (Input/output error)',
  '10 access("/mark-end", F_OK) = -1 ENOENT (No such file or directory)',
  '10 fsync(20</d/data/journal/1>) = 0',
]

test('a trace counts between its marks, below its root, each call once', () => {
  expect(countTrace(lines.join('\n'), marks)).toEqual({ syncs: 1, writes: 3, journalBytes: 1500, indexBytes: 4120, contentBytes: 300 })
})

test('a trace without its end is refused', () => {
  expect(() => countTrace(lines.slice(0, 5).join('\n'), marks)).toThrow('no end mark')
})
