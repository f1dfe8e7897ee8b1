import { posix, win32 } from 'node:path'
import { type Environment, processEnvironment } from './environment.ts'

type Place = Pick<Environment, 'env' | 'platform' | 'homeDirectory' | 'workingDirectory'>

/**
 * Where Nexus keeps what it can make again: `mounts.json`, `metadata.db`, indexes of bucket repositories. Deleting it loses no data.
 * `NEXUS_FS_STATE_DIR`, else the platform's place: `$XDG_STATE_HOME/nexus-fs` or `~/.local/state/nexus-fs` on Linux and its kin,
 * `~/Library/Application Support/nexus-fs` on macOS, `%LOCALAPPDATA%\nexus-fs` on Windows. Nothing is read or made.
 * @returns An absolute host path.
 */
export function stateDirectory(place: Place = processEnvironment()): string {
  const { env, platform, homeDirectory, workingDirectory } = place
  const paths = pathsOf(platform)
  const chosen = given(env['NEXUS_FS_STATE_DIR'])
  if (chosen !== undefined) return paths.resolve(workingDirectory, chosen)
  if (platform === 'win32') return paths.join(given(env['LOCALAPPDATA']) ?? paths.join(homeDirectory, 'AppData', 'Local'), 'nexus-fs')
  if (platform === 'darwin') return paths.join(homeDirectory, 'Library', 'Application Support', 'nexus-fs')
  return paths.join(absolute(env['XDG_STATE_HOME']) ?? paths.join(homeDirectory, '.local', 'state'), 'nexus-fs')
}

/**
 * Where the token vault and the backends of `nexus-fs add` live: `NEXUS_HOME`, else `~/.nexus`. Nothing is read or made.
 * @returns An absolute host path.
 */
export function nexusHome(place: Place = processEnvironment()): string {
  const paths = pathsOf(place.platform)
  const chosen = given(place.env['NEXUS_HOME'])
  return chosen === undefined ? paths.join(place.homeDirectory, '.nexus') : paths.resolve(place.workingDirectory, chosen)
}

function pathsOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

/** The XDG specification says that a relative path there is to be ignored. */
function absolute(value: string | undefined): string | undefined {
  return value?.startsWith('/') === true ? value : undefined
}
