import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** The disk that is measured. */
export interface Disk {
  readonly root: string
  /** For the report. */
  readonly description: string
  /** Removes it with all that is on it. */
  close(): void
}

/**
 * A journalled ext4 of its own, as large as the largest row needs, when this runs as root on Linux; else a temporary directory. An ext4 without a
 * journal refuses to reuse inodes deleted in the last minutes, which makes `node:fs` look slow.
 */
export function openDisk(): Disk {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-bench-'))
  const problem = mountOn(directory)
  const root = join(directory, 'disk')
  return {
    root,
    description: problem === undefined ? 'a journalled ext4 of its own on a loop device' : `the temporary directory, as it is (${problem})`,
    close: () => {
      if (problem === undefined) spawnSync('umount', ['-l', root])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** @returns Why there is no loop device. */
function mountOn(directory: string): string | undefined {
  const image = join(directory, 'image')
  const root = join(directory, 'disk')
  mkdirSync(root)
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a journalled ext4 of its own needs root on Linux'
  return run('truncate', ['-s', '16G', image]) ?? run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]) ?? run('mount', ['-o', 'loop', image, root])
}

function run(command: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (error !== undefined) return `${command}: ${error.message}`
  return status === 0 ? undefined : `${command}: ${stderr.trim()}`
}
