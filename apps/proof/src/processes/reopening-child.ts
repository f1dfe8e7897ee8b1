import { parsePath } from '@nexus/core'
import { openTestRepository } from '../model/open-test-repository.ts'

// A process among others: `reopening-child.ts ROOT NAME COUNT`. Opens the repository again and again, each time for one write and one listing, and says so before.
const [root = '', name = '', count = '0'] = process.argv.slice(2)

for (let index = 0; index < Number(count); index++) {
  console.log('opening')
  const { backend } = await openTestRepository(root)
  await backend.write(parsePath(`/${name}/${index}`), new TextEncoder().encode(`${name} ${index}`))
  const found: string[] = []
  for await (const entry of backend.list(parsePath(`/${name}`))) found.push(entry.path)
  if (found.length !== index + 1) throw new Error(`${name} sees ${found.length} of its ${index + 1} files.`)
  await backend.close()
}
