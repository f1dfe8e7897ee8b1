import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { runChild, runNode } from '../child.ts'
import { elapsed } from '../clock.ts'
import type { Lab } from '../lab.ts'
import { formatTime, median } from '../statistics.ts'
import { openNexusMount } from '../stores/nexus-store.ts'
import { cliProgram, nodeArguments } from '../workspace.ts'
import type { Fact, FactRow } from './row.ts'

async function medianOf(lab: Lab, measure: () => Promise<number>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < lab.pick({ full: 15, quick: 7, tiny: 1 }); round++) times.push(await measure())
  return median(times)
}

function below(title: string, time: number, limitMs: number): Fact {
  return { title, value: formatTime(time), goal: `below ${limitMs} ms`, isReached: time < limitMs * 1000 }
}

async function importing(lab: Lab): Promise<Fact> {
  const time = await medianOf(lab, async () => Number(await runNode(nodeArguments('import-core'))))
  return below('import "@nexus/core"', time, 50)
}

/** From the start of the process to its end, as somebody at a terminal feels it. */
async function commanding(lab: Lab, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return await medianOf(lab, () =>
    elapsed(async () => {
      const { exitCode, stderr } = await runChild(process.execPath, [cliProgram, ...args], { env })
      if (exitCode !== 0) throw new Error(`nexus-fs ${args.join(' ')} ended with ${String(exitCode)}: ${stderr.trim()}`)
    }),
  )
}

async function commands(lab: Lab): Promise<Fact[]> {
  if (!existsSync(cliProgram)) return [{ title: 'nexus-fs', value: 'not built; `npm run build` builds it' }]
  const root = lab.directory('cli')
  const state = lab.directory('state')
  const env = { NEXUS_FS_STATE_DIR: state, HOME: state }
  const { fs, at, close } = await openNexusMount(join(root, 'data'), 'os')
  for (let index = 0; index < 100; index++) await fs.write(`${at}/f-${index}`, `content ${index}`)
  await close()
  await commanding({ ...lab, pick: () => 1 }, ['mount', '--at', '/bench', `local://${join(root, 'data')}?layout=cas`], env)
  return [
    below('nexus-fs --version', await commanding(lab, ['--version'], env), 100),
    below('nexus-fs ls, first, of a repository with 100 files', await commanding(lab, ['ls', '/bench'], env), 200),
  ]
}

async function measure(lab: Lab): Promise<readonly Fact[]> {
  const bare = await medianOf(lab, () => elapsed(() => runNode(['-e', '0'])))
  return [{ title: 'node -e 0, for comparison', value: formatTime(bare) }, await importing(lab), ...(await commands(lab))]
}

/** Fresh processes. */
export const startUpRow: FactRow = { kind: 'facts', title: 'start-up', measure }
