import { findPackageJSON } from 'node:module'
import { readJson } from './resolve-package.ts'

/** The version of `@nexus/core` that runs, from its own `package.json`. */
export function coreVersion(): string {
  const file = findPackageJSON('..', import.meta.url)
  return file === undefined ? '0.0.0' : String(readJson(file)['version'])
}
