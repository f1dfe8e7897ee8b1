import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NexusError } from '../contract/errors.ts'
import { resolvePackage } from '../mounting/resolve-package.ts'

/**
 * Where a module specifier leads: a `file:` URL, a host path (absolute, or relative with a leading `.`), or a package.
 * @param resolveFrom `import.meta.url` of the application; default: the working directory.
 * @throws NexusError `unavailable` for a package that is not installed there.
 */
export function moduleUrl(specifier: string, resolveFrom: string | undefined): string {
  const base = resolveFrom ?? pathToFileURL(join(process.cwd(), 'index.js')).href
  if (specifier.startsWith('file:')) return specifier
  if (isAbsolute(specifier)) return pathToFileURL(specifier).href
  if (specifier.startsWith('.')) return new URL(specifier, base).href
  const entry = resolvePackage(specifier, [base])?.entry
  if (entry !== undefined) return entry
  throw new NexusError('unavailable', { op: 'mount', reason: `The package "${specifier}", which \`backends\` names, is not installed where the application is (${base}).` })
}
