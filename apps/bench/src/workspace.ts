import { extname, join } from 'node:path'

/** The root of the workspace, from the sources and from the bundle alike. */
export const workspaceRoot: string = join(import.meta.dirname, '..', '..', '..')

/** The program of the package nexus-fs; it is there when the workspace was built. */
export const cliProgram: string = join(workspaceRoot, 'apps', 'cli', 'dist', 'bin.js')

/** Arguments of `node` that run another module of this package, bundled if we are. */
export function nodeArguments(module: string, args: readonly string[] = []): string[] {
  const extension = extname(import.meta.filename)
  const conditions = extension === '.ts' ? ['--conditions=nexus-source'] : []
  return [...conditions, '--expose-gc', join(import.meta.dirname, module + extension), ...args]
}
