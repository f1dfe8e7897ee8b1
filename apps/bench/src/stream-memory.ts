// A process of its own: mounts (or not), rests, streams one large file in and out, and says how far its memory rose.
import process from 'node:process'
import { recycledChunks } from './payload.ts'
import { peakBytes } from './peak-memory.ts'
import { openNexusStore } from './stores/nexus-store.ts'
import { openRawStore } from './stores/raw-store.ts'

const [contender = '', root = '', chunks = '0'] = process.argv.slice(2)
const store = contender === 'nexus' ? await openNexusStore(root, 'os') : openRawStore(root, 'os')
await store.prepare('/')
const chunksOf = recycledChunks()
await store.file('/first').write(new Uint8Array(1024))
await store.settle()
globalThis.gc?.()
const idleBytes = process.memoryUsage().rss
await store.writeStream('/large', chunksOf(Number(chunks)))
const inBytes = peakBytes()
await store.readStream('/large')
const outBytes = peakBytes()
await store.close()
console.log(JSON.stringify({ idleBytes, inBytes, outBytes }))
