import assert from 'node:assert/strict'
import {
  type Body,
  type Entry,
  type FileStat,
  isNexusError,
  type ListOptions,
  parsePath,
  type Path,
  type ReadOptions,
  type WriteOptions,
} from '@nexus/core/contract'
import { toBytes } from './bodies.ts'
import type { CaseContext } from './case.ts'

/** Short for a checked path. */
export const at: (path: string) => Path = parsePath

/** Writes a file; text is UTF-8. */
export function put({ backend }: CaseContext, path: string, body: string | Body, options: WriteOptions = {}): Promise<FileStat> {
  return backend.write(at(path), typeof body === 'string' ? toBytes(body) : body, options)
}

/** Writes several small files, each with its own path as content. */
export async function putAll(context: CaseContext, paths: readonly string[]): Promise<void> {
  for (const path of paths) await put(context, path, path)
}

/** Bytes of a file, or of a part of it. */
export async function bytesOf({ backend }: CaseContext, path: string, options: ReadOptions = {}): Promise<Uint8Array> {
  const content = await backend.read(at(path), options)
  return content.bytes()
}

/** Asserts what a file holds; of a `rendered` backend only that it can be read. */
export async function holds(context: CaseContext, path: string, expected: string | Uint8Array, options: ReadOptions = {}): Promise<void> {
  sameBytes(context, await bytesOf(context, path, options), expected, path)
}

/** Asserts that bytes are the expected ones; a `rendered` backend may give others. */
export function sameBytes({ capabilities }: CaseContext, actual: Uint8Array, expected: string | Uint8Array, what: string): void {
  if (capabilities.fidelity === 'rendered') return
  const wanted = typeof expected === 'string' ? toBytes(expected) : expected
  if (Buffer.compare(actual, wanted) === 0) return
  const show = (bytes: Uint8Array): string => `${bytes.length} bytes "${new TextDecoder().decode(bytes.subarray(0, 40))}"`
  assert.fail(`${what}: expected ${show(wanted)}, got ${show(actual)}.`)
}

/** Whether anything is there. */
export async function isThere({ backend }: CaseContext, path: string): Promise<boolean> {
  try {
    await backend.stat(at(path))
    return true
  } catch (error) {
    if (isNexusError(error, 'not_found')) return false
    throw error
  }
}

/** Asserts that nothing is there. */
export async function isAbsent(context: CaseContext, path: string): Promise<void> {
  assert.equal(await isThere(context, path), false, `${path} exists, but should not.`)
}

/** All entries of a listing. */
export async function entriesOf({ backend }: CaseContext, path: string, options: ListOptions = {}): Promise<Entry[]> {
  return collect(backend.list(at(path), options))
}

/** Keys of a listing, relative to the listed directory; directories end in `/`. */
export async function keysOf(context: CaseContext, path: string, options: ListOptions = {}): Promise<string[]> {
  const prefix = path === '/' ? '/' : `${path}/`
  return (await entriesOf(context, path, options)).map((entry) => entry.path.slice(prefix.length) + (entry.kind === 'directory' ? '/' : ''))
}

/** Everything that an iteration gives. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of iterable) all.push(item)
  return all
}

/** The first step of an iteration, which then ends. */
export async function firstOf<T>(iterable: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of iterable) return item
  return undefined
}
