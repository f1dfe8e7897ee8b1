import { createRequire } from 'node:module'

/** The SDK is CommonJS: what was loaded of it stands in the cache of `require`. */
const loaded = (): string[] => Object.keys(createRequire(import.meta.url).cache).filter((path) => /[\\/](?:@aws-sdk|@smithy)[\\/]/.test(path))

const { openS3Store, parseS3Config } = await import('../src/index.ts')
const imported = loaded()
const config = parseS3Config({ bucket: 'bucket', endpoint: 'http://127.0.0.1:9', anonymous: true })
const store = await openS3Store(config, { now: Date.now, random: (bytes) => bytes, fetch, env: {}, privateDirectories: [], credentials: () => Promise.resolve(undefined) })
await store.close()
process.stdout.write(JSON.stringify({ imported, opened: loaded() }))
