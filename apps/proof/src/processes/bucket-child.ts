import { isNexusError, mount, type MountedNexusFS } from '@nexus/core'

// A process among others, on a bucket: `bucket-child.ts URI NAME COUNT`. Creates files of its own, races for names that all want, and counts in a file that
// all share. Says as JSON, one line each, what was acknowledged.
const [uri = '', name = '', count = '0'] = process.argv.slice(2)
const counter = '/b/shared/counter'

function tell(acknowledged: object): void {
  process.stdout.write(`${JSON.stringify(acknowledged)}\n`)
}

/** One step up, by comparing and swapping; who was too late reads again. */
async function increment(fs: MountedNexusFS): Promise<void> {
  for (;;) {
    await using content = await fs.open(counter, { fresh: true })
    const value = Number(await content.text())
    try {
      await fs.write(counter, String(value + 1), { ifMatch: content.stat.etag })
      return
    } catch (error) {
      if (!isNexusError(error, 'precondition_failed')) throw error
    }
  }
}

/** @returns Whether it was this process that made the file */
async function claim(fs: MountedNexusFS, path: string): Promise<boolean> {
  try {
    await fs.write(path, name, { ifNoneMatch: '*' })
    return true
  } catch (error) {
    if (!isNexusError(error, 'precondition_failed')) throw error
    return false
  }
}

const fs = await mount({ uri, at: '/b' }, { ephemeral: true, resolveFrom: import.meta.url })
for (let index = 0; index < Number(count); index++) {
  await fs.write(`/b/own/${name}/${index}`, `${name} ${index}`)
  tell({ own: index })
  if (await claim(fs, `/b/claims/${index}`)) tell({ claimed: index })
  if (index % 5 !== 0) continue
  await increment(fs)
  tell({ counted: index })
}
await fs.close()
