import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NexusError } from '../contract/errors.ts'
import { isRecord } from './parse-manifest.ts'

/** A package as it was found on this machine. */
export interface FoundPackage {
  /** Directory of its `package.json`, absolute. */
  readonly directory: string
  readonly packageJson: Readonly<Record<string, unknown>>
  /** `file:` URL to import; `undefined` when the package is there but has no entry that can be imported. */
  readonly entry: string | undefined
}

/**
 * Looks for an installed package from each base in turn, without importing anything.
 * @param bases Absolute host paths or `file:` URLs of files (which need not exist) to resolve from, in order.
 * @returns `undefined` when it is not installed; one whose entry file is missing is found, without `entry`.
 * @throws NexusError `invalid_config` when its `package.json` cannot be read.
 */
export function resolvePackage(name: string, bases: readonly string[]): FoundPackage | undefined {
  for (const base of bases) {
    const found = resolveFrom(name, base)
    if (found !== undefined) return found
  }
  return undefined
}

/** Under Plug'n'Play only `createRequire` knows where packages are; for packages that export no `require` entry only `findPackageJSON` does. */
function resolveFrom(name: string, base: string): FoundPackage | undefined {
  const entryFile = requireResolve(name, base)
  const packageFile = entryFile === undefined ? findPackageFile(name, base) : packageFileAbove(entryFile)
  if (packageFile === undefined) return undefined
  const packageJson = readJson(packageFile)
  const directory = dirname(packageFile)
  const file = entryFile ?? importEntry(packageJson, directory)
  return { directory, packageJson, entry: file === undefined ? undefined : pathToFileURL(file).href }
}

function requireResolve(name: string, base: string): string | undefined {
  try {
    return createRequire(base).resolve(name)
  } catch (error) {
    // Not installed, without a `require` entry, or without the file that its entry names: findPackageJSON tells which.
    if (hasCode(error, 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED')) return undefined
    throw error
  }
}

function findPackageFile(name: string, base: string): string | undefined {
  try {
    return findPackageJSON(name, base)
  } catch (error) {
    if (hasCode(error, 'ERR_MODULE_NOT_FOUND')) return undefined
    throw error
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** The package's own file: a `package.json` in `dist` that only says `"type"` has no name. */
function packageFileAbove(entryFile: string): string | undefined {
  for (let directory = dirname(entryFile); dirname(directory) !== directory; directory = dirname(directory)) {
    const file = join(directory, 'package.json')
    if (existsSync(file) && readJson(file)['name'] !== undefined) return file
  }
  return undefined
}

/** The entry of a package whose `exports` has no `require` condition. */
function importEntry({ exports, main = 'index.js' }: Readonly<Record<string, unknown>>, directory: string): string | undefined {
  const target = exports === undefined ? main : importTarget(isRecord(exports) && '.' in exports ? exports['.'] : exports)
  if (typeof target !== 'string') return undefined
  const file = join(directory, target)
  return existsSync(file) ? realpathSync(file) : undefined
}

/** https://nodejs.org/api/packages.html#conditional-exports: the first condition that holds wins, a list is tried in order. */
function importTarget(target: unknown): string | undefined {
  if (typeof target === 'string') return target
  if (Array.isArray(target)) return target.map(importTarget).find((found) => found !== undefined)
  if (!isRecord(target)) return undefined
  for (const [condition, inner] of Object.entries(target)) {
    const found = ['node', 'import', 'module-sync', 'default'].includes(condition) ? importTarget(inner) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Reads a `package.json`; one that is no object counts as empty.
 * @throws NexusError `invalid_config`, naming the file, when it is not JSON.
 */
export function readJson(file: string): Record<string, unknown> {
  const content = parseJson(readFileSync(file, 'utf8'), file)
  return isRecord(content) ? content : {}
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new NexusError('invalid_config', {
      op: 'mount',
      reason: `${file} is not valid JSON; repair it or install the package again.`,
      cause,
    })
  }
}
