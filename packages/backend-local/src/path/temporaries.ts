import { createHash } from 'node:crypto'
import { lstatSync, readlinkSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { OpenContext } from '@nexus/core/contract'
import type { HeldDirectory } from './directory.ts'
import { errnoOf } from './errors.ts'
import { temporaryPrefix } from './names.ts'

/** Names of files on their way to their place, and the sweeping of those whose writer died: `.nexus-tmp-<machine>-<pid>-<random>`. */
export interface Temporaries {
  readonly newName: () => string
  /** Removes what dead writers left in a directory; once for each directory, unless `again`. */
  readonly sweep: (directory: HeldDirectory, options?: { readonly again: boolean }) => Promise<void>
}

/** Beyond this many directories the memory of what was swept starts over. */
const maxRemembered = 10_000
/** What another machine (or container) left is not ours to judge by its process; a day's silence says enough. */
const foreignStaleMs = 86_400_000

/** @param isAlive Whether a process of this machine runs; an input, so that tests need no processes. */
export function createTemporaries({ now, random, isAlive = isProcessAlive }: Pick<OpenContext, 'now' | 'random'> & { readonly isAlive?: (pid: number) => boolean }): Temporaries {
  const ours = `${temporaryPrefix}${machineTag()}-${process.pid}-${Buffer.from(random(new Uint8Array(6))).toString('hex')}`
  const swept = new Set<string>()
  let count = 0

  const isStale = (directory: HeldDirectory, name: string): boolean => {
    if (name.startsWith(ours)) return false
    const [machine, pid] = name.slice(temporaryPrefix.length).split('-')
    // The same process may hold several mounts, so its own id proves nothing: those wait for their day.
    if (machine === machineTag() && Number(pid) !== process.pid) return !isAlive(Number(pid))
    const stats = lstatSync(directory.child(name), { throwIfNoEntry: false })
    return stats !== undefined && now() - stats.mtimeMs > foreignStaleMs
  }

  const sweep = async (directory: HeldDirectory, { again } = { again: false }): Promise<void> => {
    const id = directory.id()
    if (swept.has(id) && !again) return
    if (swept.size >= maxRemembered) swept.clear()
    swept.add(id)
    for (const name of await readdir(directory.self)) {
      if (name.startsWith(temporaryPrefix) && isStale(directory, name)) rmSync(directory.child(name), { force: true })
    }
  }

  return { newName: () => `${ours}-${(count++).toString(36)}`, sweep }
}

let tag: string | undefined

/** The same for every process that sees the same process ids: host, and on Linux the namespace. */
function machineTag(): string {
  return (tag ??= createHash('sha256').update(`${hostname()} ${processNamespace()}`).digest('hex').slice(0, 12))
}

function processNamespace(): string {
  if (process.platform !== 'linux') return ''
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return 'unknown'
  }
}

function isProcessAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
