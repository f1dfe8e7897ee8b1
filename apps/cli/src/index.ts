export * from '@nexus/core'
export { connect, mount } from './with-local.ts'
