import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRecordCodec, type Durability, type JournalEntry, type JournalPosition, journalStart, recordFlagFsync, type RepositoryStores } from '@nexus/core/contract'
import { onTestFinished } from 'vitest'
import type { LocalEnvironment } from '../src/store/environment.ts'
import { type FileOperations, nodeFiles } from '../src/store/files.ts'
import { openLocalStore } from '../src/store/open.ts'

/** A descriptor that storage accepts. */
export const descriptor: Uint8Array = new TextEncoder().encode(JSON.stringify({ marker: 'nexus-repository', id: 'test-repository' }))

const codec = await createRecordCodec()

/** A private directory that is removed after the test. */
export function temporaryRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'nexus-store-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** A repository in a private directory, closed after the test. */
export async function openTestStore(options: { root?: string; environment?: Partial<LocalEnvironment> } = {}): Promise<RepositoryStores & { root: string }> {
  const root = options.root ?? temporaryRoot()
  const stores = await openLocalStore({ root, environment: options.environment })
  if ((await stores.journal.readDescriptor()) === undefined) await stores.journal.createDescriptor(descriptor)
  onTestFinished(() => stores.journal.close())
  return { ...stores, root }
}

/** A framed commit that carries a text in its header and bytes as its contents. */
export function record(sequence: number, { text = '', durability = 'os', contents = new Uint8Array(100).fill(7) }: { text?: string; durability?: Durability; contents?: Uint8Array } = {}): Uint8Array {
  const flags = durability === 'fsync' ? recordFlagFsync : 0
  return codec.encode({ sequence, flags, header: new TextEncoder().encode(JSON.stringify({ text })), contents: [contents] })
}

/** Commits one text (or several in one group) behind whatever is there. */
export async function commit(stores: RepositoryStores, texts: string | readonly string[], durability: Durability = 'os'): Promise<readonly JournalEntry[]> {
  let sequence = 0
  const all = typeof texts === 'string' ? [texts] : texts
  const from = await endOf(stores)
  return stores.journal.append(from, (newer) => {
    sequence = newer.at(-1)?.sequence ?? from.sequence
    return all.map((text, index) => record(sequence + index + 1, { text, durability }))
  }, { durability })
}

/** Everything in the journal, oldest first. */
export async function entriesOf(stores: RepositoryStores, from: JournalPosition = journalStart): Promise<JournalEntry[]> {
  const all: JournalEntry[] = []
  for (let at = from; ; ) {
    const some = await stores.journal.newer(at)
    const last = some.at(-1)
    if (last === undefined) return all
    all.push(...some)
    at = last.end
  }
}

/** Texts of all commits. */
export async function textsOf(stores: RepositoryStores): Promise<string[]> {
  return (await entriesOf(stores)).map(textOf)
}

/** The text in a commit's header. */
export function textOf(entry: JournalEntry): string {
  return (JSON.parse(new TextDecoder().decode(entry.header)) as { text: string }).text
}

/** Position behind the last commit. */
export async function endOf(stores: RepositoryStores): Promise<JournalPosition> {
  return (await entriesOf(stores)).at(-1)?.end ?? journalStart
}

/** Segment files, sorted. */
export function segmentFiles(root: string): string[] {
  return readdirSync(join(root, 'journal')).sort().map((name) => join(root, 'journal', name))
}

/** An error as the operating system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code, errno: -5, syscall: 'injected' })
}

/** Real files whose calls are counted, and fail when a plan says so. `plan` gets the name and the running number of the call since the last `reset`. */
export function faultyFiles(): { files: FileOperations; calls: Record<string, number>; fail: (plan: Plan) => void; reset: () => void } {
  const calls: Record<string, number> = {}
  let plan: Plan = () => undefined
  const wrapped = Object.entries(nodeFiles).map(([name, call]) => [
    name,
    (...args: unknown[]): unknown => {
      calls[name] = (calls[name] ?? 0) + 1
      const code = plan(name, calls[name], args)
      if (code !== undefined) {
        if (['fdatasync', 'fsync', 'readAway', 'writeAway'].includes(name)) return Promise.reject(systemError(code))
        throw systemError(code)
      }
      return (call as (...args: unknown[]) => unknown)(...args)
    },
  ])
  const reset = (): void => {
    for (const name of Object.keys(calls)) Reflect.deleteProperty(calls, name)
    plan = () => undefined
  }
  return { files: Object.fromEntries(wrapped) as FileOperations, calls, reset, fail: (next) => void (plan = next) }
}

/** The error code with which the call fails, or `undefined`. */
export type Plan = (name: string, count: number, args: readonly unknown[]) => string | undefined

/** A process of its own that runs `store-child.ts`; killed when the test ends before it. */
export function startChild(...args: readonly string[]): { child: ChildProcessWithoutNullStreams; ended: Promise<{ output: string; signal: string | null; status: number | null }> } {
  const script = join(import.meta.dirname, 'store-child.ts')
  const child = spawn(process.execPath, ['--conditions=nexus-source', script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = new Promise<{ output: string; signal: string | null; status: number | null }>((resolve, reject) => {
    child.on('close', (status, signal) => {
      if (status !== 0 && signal === null) reject(new Error(`The child failed: ${errors}`))
      else resolve({ output, signal, status })
    })
  })
  return { child, ended }
}
