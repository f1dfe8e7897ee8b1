import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { memoryBackend } from '@nexus/backend-memory'
import { mount, type MountedNexusFS, type MountOptions } from '@nexus/core'
import { expect, onTestFinished } from 'vitest'
import { chunkBytes } from '../src/model/body.ts'
import { createRandom, type Random } from '../src/model/random.ts'

/** What a mount holds, by path below it: the seed and size of each file's body. */
export type Model = Map<string, { readonly seed: number; readonly sizeBytes: number }>

/** A directory that goes with the test, and a state directory in it. */
export async function openPlace(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'nexus-migrate-'))
  const saved = process.env['NEXUS_FS_STATE_DIR']
  process.env['NEXUS_FS_STATE_DIR'] = join(root, 'state')
  onTestFinished(async () => {
    if (saved === undefined) Reflect.deleteProperty(process.env, 'NEXUS_FS_STATE_DIR')
    else process.env['NEXUS_FS_STATE_DIR'] = saved
    await rm(root, { recursive: true, force: true })
  })
  return root
}

/** One storage at `/data`, which is remembered. */
export async function openData(uri: string, options: MountOptions = {}, ofBackend: object = {}): Promise<MountedNexusFS> {
  return await mount({ uri, at: '/data', options: ofBackend }, { backends: { local: localBackend, memory: memoryBackend }, resolveFrom: import.meta.url, ...options })
}

/** Few sizes, so that bodies of one size replace each other. */
const sizes = [0, 10, 10, 10, 300, 70_000]

/** Somebody who works in a directory of his own until he is stopped, and knows what was acknowledged to him. */
export function startWorker(fs: MountedNexusFS, { directory, seed, model }: { readonly directory: string; readonly seed: number; readonly model: Model }): { readonly stop: () => Promise<number> } {
  let isStopped = false
  const random = createRandom(seed)
  const work = async (): Promise<number> => {
    let steps = 0
    for (; !isStopped; steps++) {
      await step(fs, { directory, random, model })
      await new Promise((resolve) => setImmediate(resolve))
    }
    return steps
  }
  const done = work()
  done.catch(() => undefined)
  return {
    stop: () => {
      isStopped = true
      return done
    },
  }
}

async function step(fs: MountedNexusFS, { directory, random, model }: { readonly directory: string; readonly random: Random; readonly model: Model }): Promise<void> {
  const own = [...model.keys()].filter((path) => path.startsWith(`${directory}/`))
  const path = `${directory}/${random.pick(['', 'sub/', 'sub/deep/'])}f${random.int(8)}`
  const [known] = own.length === 0 ? [undefined] : [random.pick(own)]
  const turn = random.int(10)
  if (known === undefined || turn < 4) {
    const body = { seed: random.int(1_000_000), sizeBytes: random.pick(sizes) }
    await fs.write(`/data${path}`, chunkBytes(body))
    model.set(path, body)
  } else if (turn < 6) {
    await fs.delete(`/data${known}`)
    model.delete(known)
  } else if (turn < 8) {
    const body = model.get(known)
    if (body === undefined || known === path) return
    await fs.rename(`/data${known}`, `/data${path}`)
    model.delete(known)
    model.set(path, body)
  } else expect(Buffer.compare(await fs.read(`/data${known}`), bodyOf(model, known)), known).toBe(0)
}

function bodyOf(model: Model, path: string): Uint8Array {
  const body = model.get(path)
  return body === undefined ? new Uint8Array() : chunkBytes(body)
}

/** Files of a model before anything begins. */
export async function plant(fs: MountedNexusFS, { model, random, files }: { readonly model: Model; readonly random: Random; readonly files: number }): Promise<void> {
  for (let index = 0; index < files; index++) {
    const path = `/old/d${index % 5}/f${index}`
    const body = { seed: random.int(1_000_000), sizeBytes: random.pick(sizes) }
    await fs.write(`/data${path}`, chunkBytes(body))
    model.set(path, body)
  }
}

/** Expects that `/data` holds exactly the model. */
export async function expectModel(fs: MountedNexusFS, model: Model): Promise<void> {
  const found: string[] = []
  for await (const { path, kind } of fs.list('/data', { recursive: true, fresh: true })) if (kind === 'file') found.push(path.slice('/data'.length))
  expect(found.sort()).toEqual([...model.keys()].sort())
  for (const path of found) expect(Buffer.compare(await fs.read(`/data${path}`), bodyOf(model, path)), path).toBe(0)
}
