import type { BackendDefinition } from '@nexus/core/contract'
import { openMemory } from './backend.ts'
import { fromUri, type MemoryConfig, parseMemoryConfig } from './config.ts'

/** Scheme `memory`: `memory://name`, empty at each open. */
export const memoryBackend: BackendDefinition<MemoryConfig> = {
  scheme: 'memory',
  contract: 1,
  fromUri,
  parseConfig: parseMemoryConfig,
  open: ({ maxSizeBytes }, { now, random }) =>
    Promise.resolve(openMemory({ maxSizeBytes, now, storeId: toStoreId(random(new Uint8Array(16))) })),
}

function toStoreId(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
