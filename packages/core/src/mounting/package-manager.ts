import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Environment } from './environment.ts'

/** The package managers whose install command messages can name. */
type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

const addCommands: Readonly<Record<PackageManager, string>> = { npm: 'npm install', pnpm: 'pnpm add', yarn: 'yarn add', bun: 'bun add' }

const lockfiles: readonly (readonly [file: string, manager: PackageManager])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
]

/** The command that installs a package into the project at hand, to be copied from a message. */
export function installCommand(packageName: string, environment: Pick<Environment, 'env' | 'workingDirectory'>): string {
  return `${addCommands[detectPackageManager(environment)]} ${packageName}`
}

/**
 * The package manager that runs this process (`npm_config_user_agent`), else the one whose lockfile is nearest above the working
 * directory, else npm.
 */
function detectPackageManager({ env, workingDirectory }: Pick<Environment, 'env' | 'workingDirectory'>): PackageManager {
  const agent = env['npm_config_user_agent']?.split('/')[0]
  if (agent !== undefined && isPackageManager(agent)) return agent
  for (let directory = workingDirectory; ; directory = dirname(directory)) {
    const found = lockfiles.find(([file]) => existsSync(join(directory, file)))
    if (found !== undefined) return found[1]
    if (dirname(directory) === directory) return 'npm'
  }
}

function isPackageManager(name: string): name is PackageManager {
  return Object.hasOwn(addCommands, name)
}
