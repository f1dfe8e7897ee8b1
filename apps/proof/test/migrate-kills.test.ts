import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { mount, readMounts } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { startChild } from '../src/crash/child.ts'
import { chooseSeed, createRandom } from '../src/model/random.ts'
import { type Model, openData, openPlace, plant } from './migrate-kit.ts'

const seed = chooseSeed()
const script = join(import.meta.dirname, '../src/processes/migrate-child.ts')

/** Runs the child; kills it so many milliseconds after it began to migrate. @returns Whether it was killed before it was done */
async function runChild(uri: string, { name, killAfterMs, acknowledged, env }: { readonly name: string; readonly killAfterMs: number | undefined; readonly acknowledged: Map<string, string>; readonly env: Readonly<Record<string, string>> }): Promise<boolean> {
  let isSwitched = false
  const child = startChild(script, {
    args: [uri, name],
    env,
    onLine: (line) => {
      const [, path, text] = /^wrote (\S+) (.*)$/.exec(line) ?? []
      if (path !== undefined && text !== undefined) acknowledged.set(path, text)
      if (line === 'begun' && killAfterMs !== undefined) setTimeout(() => child.process.kill('SIGKILL'), killAfterMs)
      if (line.startsWith('switched')) isSwitched = true
    },
  })
  const { signal, status, errors } = await child.ended
  if (signal !== 'SIGKILL') expect({ status, errors, isSwitched }).toEqual({ status: 0, errors: '', isSwitched: true })
  return signal === 'SIGKILL'
}

describe(`a migration that is killed and repeated (NEXUS_SEED=${seed})`, () => {
  it.each([['path', 'cas'], ['cas', 'path']])('from layout %s to %s loses nothing that was acknowledged', { timeout: 300_000 }, async (from, to) => {
    const random = createRandom(seed)
    const root = await openPlace()
    const [source, target] = [`local://${join(root, 'one')}?layout=${from}&durability=os`, `local://${join(root, 'two')}?layout=${to}&durability=os`]
    const model: Model = new Map()
    await openData(source).then(async (fs) => {
      await plant(fs, { model, random, files: 150 })
      await fs.close()
    })
    const acknowledged = new Map<string, string>()
    const env = { NEXUS_FS_STATE_DIR: join(root, 'state') }
    let kills = 0
    const isMoved = async (): Promise<boolean> => (await readMounts()).some(({ uri }) => uri.includes('/two'))
    for (let attempt = 0; !(await isMoved()); attempt++) {
      const killAfterMs = attempt < 8 ? random.int(80 * (attempt + 1)) : undefined
      if (await runChild(target, { name: `n${attempt}`, killAfterMs, acknowledged, env })) kills++
    }
    expect(kills).toBeGreaterThan(0)
    expect(await readMounts()).toHaveLength(1)
    await using fs = await mount({ backends: { local: localBackend } })
    for (const [path, text] of acknowledged) {
      const found = await fs.readText(`/data/written/${path}`)
      // What was written last and not acknowledged may stand there too.
      const [name, count] = [found.split(' ')[0], Number(found.split(' ')[1])]
      expect([name, count >= Number(text.split(' ')[1])], `${path}: ${found}`).toEqual([text.split(' ')[0], true])
    }
    const listed = await Array.fromAsync(fs.list('/data/old', { recursive: true }))
    expect(listed.filter(({ kind }) => kind === 'file')).toHaveLength(model.size)
  })
})
