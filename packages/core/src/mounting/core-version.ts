import { readJson } from './resolve-package.ts'
import { nearestProject } from './third-party.ts'

/** The version of `@nexus/core` that runs, from its own `package.json`; `unknown` when it was bundled into something else. */
export function coreVersion(): string {
  const file = nearestProject(import.meta.dirname)
  const { name, version } = file === undefined ? {} : readJson(file)
  return name === '@nexus/core' && typeof version === 'string' ? version : 'unknown'
}
