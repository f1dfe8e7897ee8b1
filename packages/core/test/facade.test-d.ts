import type { Entry, FileContent, FileStat, SlimNexusFS, SyncFileContent, SyncNexusFS } from '@nexus/core'
import { expectTypeOf, it } from 'vitest'

/** What a verb of the async facade gives when nobody has to wait for it. */
type WithoutPromises<Value> = Value extends Promise<infer Result> ? WithoutPromises<Result> : Value extends AsyncIterable<infer Item> ? Iterable<Item> : Value extends FileContent ? SyncFileContent : Value
type Verb = Exclude<keyof SlimNexusFS, 'backend' | 'watch' | 'watchTree' | typeof Symbol.asyncDispose>

it('the sync facade has every verb but those that watch, and its own three', () => {
  expectTypeOf<keyof SyncNexusFS>().toEqualTypeOf<Verb | 'listMounts' | 'getMountInfo' | typeof Symbol.dispose>()
})

it('each gives what the async one gives, without promises', () => {
  expectTypeOf<{ [V in Verb]: ReturnType<SyncNexusFS[V]> }>().toEqualTypeOf<{ [V in Verb]: WithoutPromises<ReturnType<SlimNexusFS[V]>> }>()
})

it('bodies and options are what API.md says', () => {
  expectTypeOf<SlimNexusFS['read']>().returns.toEqualTypeOf<Promise<Uint8Array>>()
  expectTypeOf<SlimNexusFS['list']>().returns.toEqualTypeOf<AsyncIterable<Entry>>()
  expectTypeOf<SlimNexusFS['write']>().returns.toEqualTypeOf<Promise<FileStat>>()
  expectTypeOf<string | Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>>().toEqualTypeOf<Parameters<SlimNexusFS['write']>[1]>()
  expectTypeOf<string | Uint8Array | Iterable<Uint8Array>>().toEqualTypeOf<Parameters<SyncNexusFS['write']>[1]>()
  expectTypeOf<Parameters<SyncNexusFS['read']>[1]>().exclude<undefined>().not.toHaveProperty('signal')
  expectTypeOf<Parameters<SyncNexusFS['read']>[1]>().exclude<undefined>().toHaveProperty('timeoutMs')
})
