// A process of its own: mounts a bucket, rests, streams one large object in or out, and says how far its memory rose.
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import process from 'node:process'
import type { BucketService } from './buckets/open-service.ts'
import { openNexusBucket } from './buckets/nexus-bucket.ts'
import { peakBytes } from './peak-memory.ts'
import { countBytes } from './stores/consume.ts'

const [scheme = '', url = '', stateDirectory, direction = '', chunks = '0'] = process.argv.slice(2)
const store = await openNexusBucket({ scheme: scheme as BucketService['scheme'], url }, stateDirectory)
const zeros = new Uint8Array(1024 * 1024)
await store.file('/first').write(new Uint8Array(1024))
await store.file('/first').read()
globalThis.gc?.()
const idleBytes = process.memoryUsage().rss
if (direction === 'in') await store.writeStream('/large', chunksOf(Number(chunks)))
else checkLength(await (direction === 'out' ? store.readStream('/large') : readAlone()))
console.log(JSON.stringify({ idleBytes, peakBytes: peakBytes() }))
await store.close()

/** The same request by `node:http` and nothing else; the service believes what it is told. */
async function readAlone(): Promise<number> {
  const [response] = (await once(get(`${url}/bucket/large`), 'response')) as [IncomingMessage]
  return await countBytes(response)
}

function checkLength(found: number): void {
  if (found !== Number(chunks) * zeros.length) throw new Error(`${found} bytes came back.`)
}

/** Zeros, which the service keeps without memory. */
async function* chunksOf(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield await Promise.resolve(zeros)
}
