import { randomFillSync } from 'node:crypto'
import type { Backend, OpenContext } from '@nexus/core/contract'
import { localBackend, type LocalConfig } from '../src/index.ts'

/** The world as a mount sees it, without credentials and private directories. */
export const testContext: OpenContext = {
  now: Date.now,
  random: (bytes) => randomFillSync(bytes),
  fetch: globalThis.fetch,
  env: {},
  privateDirectories: [],
  credentials: () => Promise.resolve(undefined),
}

/** Opens a directory with layout `path`; `os` durability unless asked otherwise. */
export async function openTestTree(dataDir: string, { durability = 'os', ...context }: Partial<OpenContext> & { readonly durability?: LocalConfig['durability'] } = {}): Promise<Backend> {
  return await localBackend.open({ dataDir, durability }, { ...testContext, ...context })
}
