import { readFileSync } from 'node:fs'
import process from 'node:process'

/** The most memory so far, in bytes. Not `maxRSS`: Linux hands that of whoever started this process on to it. */
export function peakBytes(): number {
  const [, kilobytes] = process.platform === 'linux' ? (/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []) : []
  return kilobytes === undefined ? process.resourceUsage().maxRSS * 1024 : Number(kilobytes) * 1024
}
