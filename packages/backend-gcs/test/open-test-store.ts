import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenContext } from '@nexus/core/contract'
import { type GcsDouble, serviceAccountKey } from '@nexus/doubles'
import type { ObjectStore } from '@nexus/object-storage'
import { parseGcsConfig } from '../src/config.ts'
import { openGcsObjectStore } from '../src/store.ts'

/** What a backend is given in these tests: the double instead of Google, and no environment. */
export function testContext(double: Pick<GcsDouble, 'fetch'>, env: OpenContext['env'] = {}): OpenContext {
  return {
    now: Date.now,
    random: (bytes) => crypto.getRandomValues(bytes),
    fetch: double.fetch,
    env,
    privateDirectories: [],
    credentials: () => Promise.resolve(undefined),
  }
}

/** A file of credentials in a directory of its own. */
export interface KeyFile {
  readonly path: string
  readonly directory: string
  remove(): Promise<void>
}

/** Writes credentials; a service account's key of the double by default. */
export async function writeKeyFile(content: unknown = serviceAccountKey()): Promise<KeyFile> {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-gcs-'))
  const path = join(directory, 'application_default_credentials.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return { path, directory, remove: () => rm(directory, { recursive: true }) }
}

/** Opens a bucket of the double with that key. */
export function openTestStore(double: GcsDouble, { key, ...options }: { readonly key: KeyFile } & Record<string, unknown>): Promise<ObjectStore> {
  const config = parseGcsConfig({ bucket: 'bucket', projectId: 'project', endpoint: double.url, credentialsPath: key.path, ...options })
  // Of each request one attempt, so that a fault is seen.
  return openGcsObjectStore(config, testContext(double), { calls: 1, steps: 1 })
}

/** Bytes that compress badly and differ at every place. */
export function someBytes(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  let state = 1
  for (let at = 0; at < sizeBytes; at += 1) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    bytes[at] = state >>> 16
  }
  return bytes
}

/** A stream of such pieces. */
export function streamOf(...pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...pieces]
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = rest.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    },
  })
}

/** The whole body of an object. */
export async function readAll(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  const body = await store.get(key)
  return body && new Uint8Array(await new Response(body.stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
}
