export type { GcsConfig, StorageClass } from './config.ts'
export { gcsBackend, gcsBackend as default } from './definition.ts'
export { openGcsObjectStore } from './store.ts'
