import { extname, join } from 'node:path'

/** The root of the workspace, from the sources and from the bundle alike. */
export const workspaceRoot: string = join(import.meta.dirname, '..', '..', '..')

/** Arguments of `node` that run another module of this package, bundled if we are. */
export function nodeArguments(module: string, args: readonly string[] = []): string[] {
  const extension = extname(import.meta.filename)
  const conditions = extension === '.ts' ? ['--conditions=nexus-source'] : []
  return [...conditions, '--expose-gc', join(import.meta.dirname, module + extension), ...args]
}
