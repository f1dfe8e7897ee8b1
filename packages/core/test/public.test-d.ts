import {
  type Backend,
  type BackendDefinition,
  type Capabilities,
  connect,
  type Entry,
  type ErrorCode,
  type FileStat,
  isNexusError,
  mount,
  type NexusError,
  type NexusFS,
  parsePath,
  type Path,
  type SlimNexusFS,
} from '@nexus/core'
import { expectTypeOf, test } from 'vitest'

test('mount takes sources, then perhaps options', () => {
  expectTypeOf(mount('local://./a')).resolves.toExtend<SlimNexusFS>()
  expectTypeOf(mount('local://./a', { uri: 's3://b', at: '/b', readonly: true }, { ephemeral: true })).resolves.toExtend<SlimNexusFS>()
  // @ts-expect-error a typo is an error
  void mount('local://./a', { ephemerall: true })
})

test('connect gives a filesystem whose mounts can be managed', () => {
  expectTypeOf(connect()).resolves.toExtend<NexusFS>()
  expectTypeOf<NexusFS['mountManager']['addMount']>().returns.resolves.toBeString()
})

test('the verbs of the facade have the types of the API', () => {
  expectTypeOf<SlimNexusFS['read']>().returns.resolves.toExtend<Uint8Array>()
  expectTypeOf<SlimNexusFS['readText']>().returns.resolves.toBeString()
  expectTypeOf<SlimNexusFS['stat']>().returns.resolves.toEqualTypeOf<FileStat>()
  expectTypeOf<SlimNexusFS['exists']>().returns.resolves.toBeBoolean()
  expectTypeOf<SlimNexusFS['list']>().returns.toExtend<AsyncIterable<Entry>>()
  expectTypeOf<SlimNexusFS['backend']>().toExtend<Backend>()
})

test('a path is checked before a backend sees it', () => {
  expectTypeOf(parsePath('/a')).toEqualTypeOf<Path>()
  expectTypeOf<string>().not.toExtend<Path>()
  expectTypeOf<Backend['stat']>().parameter(0).toEqualTypeOf<Path>()
})

test('isNexusError narrows to the code', () => {
  const error: unknown = undefined
  if (isNexusError(error, 'not_found')) expectTypeOf(error.code).toEqualTypeOf<'not_found'>()
  if (isNexusError(error)) expectTypeOf(error).toExtend<NexusError>()
  expectTypeOf<'gone'>().not.toExtend<ErrorCode>()
})

test('a definition states its contract, and capabilities are closed', () => {
  expectTypeOf<BackendDefinition['contract']>().toEqualTypeOf<1>()
  // @ts-expect-error not a variant of the contract
  expectTypeOf<Capabilities['ifMatch']>().toEqualTypeOf<'sometimes'>()
})
