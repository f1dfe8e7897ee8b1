import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The directory of a `local` URI on this machine, absolute: relative ones start from the working directory, `~` is the home. */
export function hostDirectory(authority: string, workingDirectory: string): string {
  return authority === '~' || authority.startsWith('~/') ? join(homedir(), authority.slice(1)) : resolve(workingDirectory, authority)
}
