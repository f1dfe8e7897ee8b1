import process from 'node:process'
import { openCachedDirectory } from './open-cached-directory.ts'

/** Writes files through a cache that other processes share, until it is killed or has written so many. */
const [data = '', state = '', count = '1'] = process.argv.slice(2)
const { backend, at } = await openCachedDirectory({ data, state })
for (let index = 0; index < Number(count); index++) {
  await backend.write(at('file'), new TextEncoder().encode(`child ${index}`))
  process.stdout.write(`${index}\n`)
}
await backend.close()
