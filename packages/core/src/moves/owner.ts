import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process, named so that another one can tell whether it is still there. */
export interface Owner {
  readonly pid: number
  /** The system's start time of the process in ticks (proc_pid_stat(5), field 22); empty where it does not tell. */
  readonly start: string
  /** Host and pid namespace: whoever is elsewhere cannot look. */
  readonly place: string
}

/** This process. */
export function thisProcess(): Owner {
  return { pid: process.pid, start: startOf(process.pid), place: placeName() }
}

/** Whether the process runs, as far as that can be seen from here. */
export function ownerState({ pid, start, place }: Owner): 'running' | 'gone' | 'unseen' {
  if (place !== placeName()) return 'unseen'
  return isRunning(pid) && (start === '' || start === startOf(pid)) ? 'running' : 'gone'
}

function placeName(): string {
  return process.platform === 'linux' ? `${hostname()} ${readlinkSync('/proc/self/ns/pid')}` : hostname()
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function startOf(pid: number): string {
  if (process.platform !== 'linux') return ''
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}
