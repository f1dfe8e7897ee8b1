import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, type Entry, type ErrorCode, isNexusError, type ListOptions, type NexusError, type OpenContext, parsePath, type Path } from '@nexus/core/contract'
import { afterEach } from 'vitest'
import type { LocalConfig } from '../src/index.ts'
import { openTestTree } from './open-test-tree.ts'

/** One temporary directory with a mount over it, and what tests ask of it. */
export interface TreeFixture {
  readonly directory: string
  readonly backend: Backend
}

const endings: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A temporary directory that goes with the test. */
export function makeDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'nexus-local-tree-')))
  endings.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A mount over `directory` (default: a new one) that is closed with the test. */
export async function openTree(options: Partial<OpenContext> & { readonly directory?: string; readonly durability?: LocalConfig['durability'] } = {}): Promise<TreeFixture> {
  const { directory = makeDirectory(), ...rest } = options
  const backend = await openTestTree(directory, rest)
  endings.push(() => backend.close())
  return { directory, backend }
}

/** A checked path. */
export function at(path: string): Path {
  return parsePath(path)
}

/** UTF-8 bytes. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The content of a file as text. */
export async function textOf(backend: Backend, path: string): Promise<string> {
  return await (await backend.read(at(path))).text()
}

/** Everything in a listing. */
export async function entriesOf(backend: Backend, path: string, options?: ListOptions): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const entry of backend.list(at(path), options)) entries.push(entry)
  return entries
}

/** Paths of a listing, directories with a `/` at the end. */
export async function pathsOf(backend: Backend, path: string, options?: ListOptions): Promise<string[]> {
  return (await entriesOf(backend, path, options)).map((entry) => (entry.kind === 'directory' ? `${entry.path}/` : entry.path))
}

/** The error with which a promise fails, which must have this code. */
export async function failure(code: ErrorCode, promise: Promise<unknown>): Promise<NexusError> {
  const error: unknown = await promise.then(() => new Error(`It succeeded, and ${code} was expected.`), (reason: unknown) => reason)
  if (isNexusError(error, code)) return error
  throw error
}

/** The errors of calls that must all fail with this code. */
export async function failures(code: ErrorCode, calls: readonly Promise<unknown>[]): Promise<NexusError[]> {
  return await Promise.all(calls.map((call) => failure(code, call)))
}
