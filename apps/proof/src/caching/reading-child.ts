import { readdir } from 'node:fs/promises'
import process from 'node:process'
import { openCachedDirectory } from './open-cached-directory.ts'

/** Reads all files of a directory through a cache of contents, and tells each, until it is killed. */
const [data = '', state = ''] = process.argv.slice(2)
const { backend, at } = await openCachedDirectory({ data, state, remembers: 'contents' })
for (const name of await readdir(data)) {
  await using content = await backend.read(at(name))
  await content.bytes()
  process.stdout.write(`${name}\n`)
}
await backend.close()
