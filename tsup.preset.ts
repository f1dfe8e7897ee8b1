import type { Options } from 'tsup'

/** The one bundler preset of the workspace: ESM for Node 22.14 and later, types beside it, dependencies left outside. */
export function preset(entry: Record<string, string>, options: Options = {}): Options {
  return { entry, format: ['esm'], target: 'node22', dts: true, clean: true, splitting: true, treeshake: true, ...options }
}
