import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { builtinManifests } from './builtin-manifests.ts'
import { type Environment, processEnvironment } from './environment.ts'
import { isPackageName } from './package-name.ts'
import { contractMajor, parseNexusField } from './parse-manifest.ts'
import { resolvePackage } from './resolve-package.ts'
import { addedPackagesFile } from './third-party.ts'

/** A backend that `nexus-fs add` installed. */
export interface InstalledBackend {
  readonly package: string
  readonly version: string
  /** What can be mounted now. */
  readonly schemes: readonly string[]
  /** Absolute host path of the package. */
  readonly directory: string
}

/** How a backend is installed. */
export interface InstallOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: this process. */
  readonly environment?: Environment | undefined
}

/**
 * Installs a backend with npm into `~/.nexus/backends`, where every later `mount()` of this user finds it.
 * @param name An npm package name, or one of Nexus' own schemes (`s3`). Nothing else: no path, no URL, no version.
 * @throws NexusError `invalid_argument` for another name, `unavailable` with npm's words when npm fails, `invalid_config` when the package is no
 * backend (it is removed again), `unsupported` when it speaks another major of the contract (it is removed again)
 */
export async function installBackend(
  name: string,
  { signal, environment = processEnvironment() }: InstallOptions = {},
): Promise<InstalledBackend> {
  const packageName = builtinManifests.find(({ scheme }) => scheme === name)?.package ?? name
  if (!isPackageName(packageName)) {
    throw new NexusError('invalid_argument', {
      op: 'add',
      path: name,
      reason: 'A backend is added by the name of its npm package, without version, path or URL.',
    })
  }
  const packageFile = addedPackagesFile(environment)
  await prepareDirectory(packageFile)
  const npm = { directory: dirname(packageFile), environment, signal }
  await runNpm(['install', '--save-exact', '--', packageName], npm)
  try {
    return describeInstalled(packageName, packageFile)
  } catch (error) {
    if (isNexusError(error)) await runNpm(['uninstall', '--', packageName], npm)
    throw error
  }
}

async function prepareDirectory(packageFile: string): Promise<void> {
  await mkdir(dirname(packageFile), { recursive: true, mode: 0o700 })
  await writeFile(packageFile, `${JSON.stringify({ name: 'nexus-backends', private: true }, undefined, 2)}\n`, {
    flag: 'wx',
    mode: 0o600,
  }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}

function describeInstalled(packageName: string, packageFile: string): InstalledBackend {
  const found = resolvePackage(packageName, [packageFile])
  const field = found === undefined ? undefined : parseNexusField(found.packageJson, packageName)
  if (found === undefined || field === undefined) {
    throw new NexusError('invalid_config', {
      op: 'add',
      path: packageName,
      reason: 'The package is no Nexus backend: its package.json has no "nexus" field. It was removed again.',
    })
  }
  if (field.contract !== contractMajor) {
    const reason = `The package speaks version ${field.contract} of the backend contract, this @nexus/core speaks ${contractMajor}. It was removed again.`
    throw new NexusError('unsupported', { op: 'add', path: packageName, reason })
  }
  return {
    package: packageName,
    version: String(found.packageJson['version']),
    schemes: field.manifests.map(({ scheme }) => scheme),
    directory: found.directory,
  }
}

interface Npm {
  readonly directory: string
  readonly environment: Environment
  readonly signal: AbortSignal | undefined
}

const maxToldBytes = 2000

async function runNpm(args: readonly string[], { directory, environment, signal }: Npm): Promise<void> {
  const { spawn } = await import('node:child_process')
  const isWindows = environment.platform === 'win32'
  await new Promise<void>((resolve, reject) => {
    // npm.cmd runs only through a shell; every argument is ours or a checked package name.
    const child = spawn(isWindows ? 'npm.cmd' : 'npm', ['--no-audit', '--no-fund', '--loglevel=error', ...args], {
      cwd: directory,
      env: { ...environment.env },
      shell: isWindows,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    })
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      told = (told + chunk).slice(-maxToldBytes)
    })
    child.on('error', (cause) =>
      reject(signal?.aborted === true ? (signal.reason as Error) : failed(`npm could not be started (${cause.message})`, cause)),
    )
    child.on('close', (code) => (code === 0 ? resolve() : reject(failed(`npm ${args[0] ?? ''} failed: ${told.trim()}`))))
  })
}

function failed(problem: string, cause?: unknown): NexusError {
  return new NexusError('unavailable', { op: 'add', reason: `${problem}. Check the name and the network, then add it again.`, cause })
}
