// A process of its own: says in microseconds what a backend costs until it is loaded, or until its first answer, and which modules of SDKs that brought.
import { createRequire } from 'node:module'
import process from 'node:process'

const [job = '', url = ''] = process.argv.slice(2)
const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  'import s3': () => import('@nexus/backend-s3'),
  'import gcs': () => import('@nexus/backend-gcs'),
  'mount nexus': async () => (await (await import('./buckets/nexus-bucket.ts')).openNexusBucket({ scheme: 's3', url })).file('/first').stat(),
  'mount SDK': async () => (await import('./buckets/sdk-bucket.ts')).openSdkBucket({ url }).file('/first').stat(),
}
const run = jobs[job]
if (run === undefined) throw new Error(`There is no job "${job}".`)
const start = performance.now()
await run()
const time = (performance.now() - start) * 1000
// The SDKs are CommonJS: what was loaded of them stands in the cache of `require`.
const sdkModules = Object.keys(createRequire(import.meta.url).cache).filter((path) => /[\\/](?:@aws-sdk|@smithy|google-auth-library|@google-cloud)[\\/]/.test(path)).length
console.log(JSON.stringify({ time, sdkModules }))
process.exit(0)
