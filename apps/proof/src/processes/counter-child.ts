import { parsePath, isNexusError, type RepositoryBackend } from '@nexus/core'
import { chunkBytes } from '../model/body.ts'
import { openTestRepository } from '../model/open-test-repository.ts'

// A process among others: `counter-child.ts ROOT NAME COUNT`. Writes files of its own, contents that all of them write, and counts in a file that all share.
const [root = '', name = '', count = '0'] = process.argv.slice(2)
const counter = parsePath('/shared/counter')

/** One step up, by comparing and swapping; who was too late reads again. */
async function increment(backend: RepositoryBackend): Promise<void> {
  for (;;) {
    const content = await backend.read(counter)
    const value = Number(await content.text())
    try {
      await backend.write(counter, new TextEncoder().encode(String(value + 1)), { ifMatch: content.stat.etag })
      return
    } catch (error) {
      if (!isNexusError(error, 'precondition_failed')) throw error
    }
  }
}

const { backend } = await openTestRepository(root)
for (let index = 0; index < Number(count); index++) {
  await backend.write(parsePath(`/own/${name}/${index}`), new TextEncoder().encode(`${name} ${index}`))
  await backend.write(parsePath(`/same/${name}-${index}`), chunkBytes({ seed: index, sizeBytes: 70_000 }))
  await increment(backend)
}
await backend.close()
