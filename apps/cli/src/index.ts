export * from '@nexus/core'
export { connect, connectSync, inspectStorage, mount, mountSync } from './with-local.ts'
