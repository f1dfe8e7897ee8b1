export { type MemoryBackend, type MemoryOptions, openMemory } from './backend.ts'
export type { MemoryConfig } from './config.ts'
export { memoryBackend, memoryBackend as default } from './definition.ts'
