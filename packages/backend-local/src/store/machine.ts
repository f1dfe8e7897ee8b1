import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { dirname, join } from 'node:path'
import { systemCode } from './files.ts'

/**
 * Changes with every start of the machine: `/proc/sys/kernel/random/boot_id` (random(4)); elsewhere the minute in which the machine
 * was started, since the clock and the uptime drift against each other by less.
 */
export function probeBootId(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return `booted-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`
  }
}

/** Magic numbers of statfs(2) for file systems that live on another machine; their locks and caches are not ours. */
const networkKinds = new Map([
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x01021997, '9p'],
  [0x00c36400, 'ceph'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x0bd00bd0, 'lustre'],
  [0x73757245, 'coda'],
])
const fuse = 0x65735546
const networkFuse = /^fuse\.(sshfs|s3fs|gcsfuse|rclone|glusterfs|ceph|davfs|curlftpfs|goofys|geesefs|mergerfs-nfs|blobfuse2?)/

/**
 * Kind of the file system below `path` (or below its nearest existing parent): `nfs`, `cifs`, `fuse.sshfs` ...; `local` for
 * everything that is not known to be somewhere else.
 */
export function probeFilesystem(path: string): string {
  const existing = nearestExisting(path)
  const type = fs.statfsSync(existing).type >>> 0
  return networkKinds.get(type) ?? (type === fuse ? mountKind(existing) : 'local')
}

/** Whether a kind of file system keeps its bytes on another machine. */
export function isNetworkKind(kind: string): boolean {
  return networkFuse.test(kind) || [...networkKinds.values()].includes(kind)
}

/** The path itself, or the first of its parents that exists. */
export function nearestExisting(path: string): string {
  let at = path
  while (!fs.existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}

/** What the kernel calls the mount that holds `path` (proc_pid_mountinfo(5), field 9). */
function mountKind(path: string): string {
  const real = fs.realpathSync(path)
  let found = { point: '', kind: 'fuse' }
  for (const line of fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const point = before.split(' ')[4]?.replaceAll('\\040', ' ') ?? ''
    const inside = point !== '' && (real === point || real.startsWith(point === '/' ? '/' : `${point}/`))
    if (inside && point.length >= found.point.length) found = { point, kind: after.split(' ')[0] ?? 'fuse' }
  }
  return found.kind
}

/**
 * Names a process so that another one can tell whether it is still there: `<pid>-<start>-<place>-<boot>`. `start` is the kernel's start
 * time in ticks (proc_pid_stat(5), field 22), or 0 where it does not tell; `place` stands for host and pid namespace.
 */
export function processName(bootId: string): string {
  return `${process.pid}-${processStart(process.pid) ?? '0'}-${placeName()}-${shortHash(bootId)}`
}

/** Whether a name below `tmp/` is a writer's: {@link processName} and something random. */
export function isWriterName(name: string): boolean {
  return /^\d+-\d+-[0-9a-f]{12}-[0-9a-f]{12}-[0-9a-f]+$/.test(name)
}

/** What became of the process of that name; `unseen` when it belongs to another host or container. */
export function processState(name: string, bootId: string): 'running' | 'gone' | 'unseen' {
  const [pid, start, place, boot] = name.split('-')
  if (place !== placeName()) return 'unseen'
  if (boot !== shortHash(bootId) || !isRunning(Number(pid))) return 'gone'
  return start === '0' || processStart(Number(pid)) === start ? 'running' : 'gone'
}

function placeName(): string {
  const namespace = process.platform === 'linux' ? fs.readlinkSync('/proc/self/ns/pid') : ''
  return shortHash(`${os.hostname()}\n${namespace}`)
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

function processStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const text = fs.readFileSync(join('/proc', String(pid), 'stat'), 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return undefined
    throw error
  }
}
