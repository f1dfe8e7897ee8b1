import { fsck, parsePath, writeCheckpoint } from '@nexus/core'
import { openTestRepository } from '../model/open-test-repository.ts'

// A process among others: `checkpoint-child.ts ROOT NAME COUNT`. Writes a file and a checkpoint, again and again, and looks whether all is well.
const [root = '', name = '', count = '0'] = process.argv.slice(2)

const { backend } = await openTestRepository(root)
for (let index = 0; index < Number(count); index++) {
  await backend.write(parsePath(`/${name}/${index}`), new TextEncoder().encode(`${name} ${index}`))
  await writeCheckpoint(backend.repository)
  const { problems } = await fsck(backend.repository)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
}
await backend.close()
