export type { LocalConfig } from './config.ts'
export { localBackend, localBackend as default } from './definition.ts'
export { openLocalPath } from './path/open-local-path.ts'
export { openLocalStore, type LocalStoreOptions } from './store/open.ts'
