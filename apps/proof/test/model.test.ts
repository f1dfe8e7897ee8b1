import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { openMemory } from '@nexus/backend-memory'
import { type ObjectStore, openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { type Backend, type BatchOperation, type OpenContext, parsePath, type Path } from '@nexus/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { observe, outcome } from '../src/model/compare-backends.ts'
import { openTestRepository } from '../src/model/open-test-repository.ts'
import { chooseSeed } from '../src/model/random.ts'

type Verbs = Required<Backend>
type Command = { readonly name: string; readonly run: (backend: Verbs) => Promise<unknown> } | 'reopen'

const seed = chooseSeed()
const path: fc.Arbitrary<Path> = fc.constantFrom('/a', '/b', '/d', '/d/a', '/d/b', '/d/e', '/d/e/a', '/é', '/d ').map((text) => parsePath(text))
const body = fc.oneof(fc.constantFrom('', 'x', 'y'.repeat(70_000)), fc.string({ maxLength: 20 })).map((text) => new TextEncoder().encode(text))
const patch = fc.dictionary(fc.constantFrom('one', 'two'), fc.option(fc.constantFrom('1', '2'), { nil: null }))
const flag = fc.boolean()

const operation: fc.Arbitrary<BatchOperation> = fc.oneof(
  fc.record({ op: fc.constant('write' as const), path, body }),
  fc.record({ op: fc.constant('delete' as const), path, recursive: flag, force: flag }),
  fc.record({ op: fc.constant('rename' as const), from: fc.constantFrom(parsePath('/a'), parsePath('/b')), to: path }),
  // A batch copies files only, and this is never a directory.
  fc.record({ op: fc.constant('copy' as const), from: fc.constant(parsePath('/file')), to: path }),
  fc.record({ op: fc.constant('mkdir' as const), path, recursive: flag }),
)
const named = (name: string, run: (backend: Verbs) => Promise<unknown>): Command => ({ name, run })

/** Commands that every layout knows; what differs in life (copying a directory) is left to the conformance suite. */
const single: readonly fc.Arbitrary<Command>[] = [
  fc.tuple(path, body, flag).map(([at, bytes, isNew]) => named(`write ${at}`, async (backend) => (await backend.write(at, bytes, isNew ? { ifNoneMatch: '*' } : {})).sizeBytes)),
  body.map((bytes) => named('write /file', async (backend) => (await backend.write(parsePath('/file'), bytes)).sizeBytes)),
  fc.tuple(path, path).map(([from, to]) => named(`rename ${from} ${to}`, async (backend) => (await backend.rename(from, to, { allowNonAtomic: true })).path)),
  fc.tuple(path, flag, flag).map(([at, recursive, force]) => named(`delete ${at}`, (backend) => backend.delete(at, { recursive, force }))),
  fc.tuple(path, flag).map(([at, recursive]) => named(`mkdir ${at}`, (backend) => backend.mkdir(at, { recursive }))),
  fc.tuple(path, patch).map(([at, change]) => named(`setMetadata ${at}`, async (backend) => (await backend.setMetadata(at, change)).metadata)),
  path.map((at) => named(`stat ${at}`, async (backend) => (await backend.stat(at)).kind)),
  path.map((at) => named(`read ${at}`, async (backend) => (await backend.read(at, { range: { offset: 1, length: 5 } })).text())),
  path.map((at) => named(`list ${at}`, async (backend) => (await Array.fromAsync(backend.list(at))).map(({ name, kind }) => `${kind} ${name}`))),
  fc.constant<Command>('reopen'),
]
const appending: readonly fc.Arbitrary<Command>[] = [
  fc.tuple(path, body).map(([at, bytes]) => named(`append ${at}`, async (backend) => (await backend.append(at, bytes)).sizeBytes)),
]
const repositoryOnly: readonly fc.Arbitrary<Command>[] = [
  fc.tuple(fc.constantFrom(parsePath('/a'), parsePath('/d/a')), path).map(([from, to]) => named(`copy ${from} ${to}`, async (backend) => (await backend.copy(from, to)).kind)),
  fc.array(operation, { minLength: 1, maxLength: 4 }).map((operations) => named(`batch ${JSON.stringify(operations.map(({ op }) => op))}`, async (backend) => (await backend.batch(operations)).length)),
  path.map((at) => named(`versions ${at}`, async (backend) => (await Array.fromAsync(backend.versions(at))).map(({ sizeBytes, current }) => [sizeBytes, current]))),
]

const context: OpenContext = {
  now: Date.now,
  random: (bytes) => crypto.getRandomValues(bytes),
  fetch: () => Promise.reject(new Error('A local disk fetches nothing.')),
  env: {},
  privateDirectories: [],
  credentials: () => Promise.resolve(undefined),
}

const openCas = async (root: string): Promise<Backend> => (await openTestRepository(root)).backend
interface Layout {
  readonly open: (root: string) => Promise<Backend>
  readonly commands: readonly fc.Arbitrary<Command>[]
  /** Sequences that are tried; default 250. */
  readonly runs?: number
}
const layouts = {
  cas: { open: openCas, commands: [...single, ...appending, ...repositoryOnly] },
  'cas, opened twice and asked in turn': { open: twice(openCas), commands: [...single, ...appending, ...repositoryOnly] },
  path: { open: (root: string) => localBackend.open(localBackend.parseConfig({ dataDir: root, durability: 'os' }), context), commands: [...single, ...appending] },
  'path, in a bucket': { open: openInBucket, commands: [...single], runs: 2000 },
  'path, in a bucket, opened twice and asked in turn': { open: twice((root) => openInBucket(root, 0)), commands: [...single], runs: 2000 },
}

const buckets = new Map<string, ObjectStore>()

/** The bucket that belongs to a directory; it stays when its tree is closed. */
function openInBucket(root: string, freshnessMs?: number): Promise<Backend> {
  const bucket = buckets.get(root) ?? openMemoryStore()
  buckets.set(root, bucket)
  return Promise.resolve(openObjectTree({ ...bucket, close: () => Promise.resolve() }, { freshnessMs }))
}

/** What one opening does the other must see, whatever each of them remembers. */
function twice(open: (root: string) => Promise<Backend>): (root: string) => Promise<Backend> {
  return async (root) => inTurn([await open(root), await open(root)])
}

function inTurn(openings: readonly Backend[]): Backend {
  let turn = 0
  const next = (): object => openings[turn++ % openings.length] ?? {}
  return new Proxy(openings[0] as Backend, {
    get: (first, member) => {
      if (member === 'close') return () => Promise.all(openings.map((opening) => opening.close()))
      const value: unknown = Reflect.get(first, member)
      return typeof value === 'function' ? (...given: unknown[]) => (Reflect.get(next(), member) as (...given: unknown[]) => unknown)(...given) : value
    },
  })
}

describe(`backends and the model in memory (NEXUS_SEED=${seed})`, () => {
  it.each(Object.keys(layouts) as (keyof typeof layouts)[])('answer alike in layout %s, whatever is done in whatever order', { timeout: 120_000 }, async (layout) => {
    const { open, commands, runs }: Layout = layouts[layout]
    const property = fc.asyncProperty(fc.array(fc.oneof(...commands), { minLength: 5, maxLength: 40 }), (sequence) => agree(sequence, open))
    await fc.assert(property, { seed, numRuns: runs ?? 250, interruptAfterTimeLimit: 20_000 })
  })

  it('are seen to differ when the backend forgets what stood before an append', { timeout: 60_000 }, async () => {
    const broken = async (root: string): Promise<Backend> => {
      const backend = await layouts.cas.open(root)
      return { ...backend, append: (at, bytes) => backend.write(at, bytes) }
    }
    const property = fc.asyncProperty(fc.array(fc.oneof(...layouts.cas.commands), { minLength: 20, maxLength: 40 }), (sequence) => agree(sequence, broken))
    const { failed } = await fc.check(property, { seed, numRuns: 250, endOnFailure: true })
    expect(failed).toBe(true)
  })
})

async function agree(sequence: readonly Command[], open: (root: string) => Promise<Backend>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'nexus-model-'))
  const model = openMemory() as Verbs
  let backend = (await open(root)) as Verbs
  try {
    for (const command of sequence) {
      if (command === 'reopen') {
        await backend.close()
        backend = (await open(root)) as Verbs
        continue
      }
      const expected = await outcome(() => command.run(model))
      expect(await outcome(() => command.run(backend)), command.name).toBe(expected)
    }
    expect(await observe(backend)).toEqual(await observe(model))
  } finally {
    await backend.close()
    buckets.delete(root)
    rmSync(root, { recursive: true, force: true })
  }
}
