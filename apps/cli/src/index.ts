export * from '@nexus/core'
export { connect, connectSync, mount, mountSync } from './with-local.ts'
