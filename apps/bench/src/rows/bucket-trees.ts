import { randomFillSync } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { type BucketService, openService, serviceKeys } from '../buckets/open-service.ts'
import { runChild } from '../child.ts'
import { elapsed } from '../clock.ts'
import type { Lab } from '../lab.ts'
import { formatTime, median } from '../statistics.ts'
import { cliProgram } from '../workspace.ts'
import type { Fact, FactRow } from './row.ts'

/** Of all of them. */
const filesInFlight = '8'

interface Copier {
  readonly name: string
  /** The command that copies the tree below a name that nothing has yet. */
  readonly command: (tree: string, name: string) => readonly [file: string, ...args: string[]]
}

const nexusFs = (...args: readonly string[]): readonly [string, ...string[]] => [process.execPath, cliProgram, ...args]

const copiers: readonly Copier[] = [
  { name: 'rclone copy', command: (tree, name) => ['rclone', 'copy', '--transfers', filesInFlight, tree, `bench:bucket/path/${name}`] },
  { name: 'nexus-fs cp -r', command: (tree, name) => nexusFs('cp', '-r', `host:${tree}`, `/path/${name}`) },
  { name: 'nexus-fs sync', command: (tree, name) => nexusFs('sync', '--concurrency', filesInFlight, `host:${tree}`, `/path/${name}`) },
  { name: 'nexus-fs cp -r into a repository', command: (tree, name) => nexusFs('cp', '-r', `host:${tree}`, `/repository/${name}`) },
  { name: 'nexus-fs sync into a repository', command: (tree, name) => nexusFs('sync', '--concurrency', filesInFlight, `host:${tree}`, `/repository/${name}`) },
]

/** Settings of both programs, and of nothing that the machine has. */
function environment(lab: Lab, { url }: BucketService): NodeJS.ProcessEnv {
  const home = lab.directory('home')
  const { accessKeyId, secretAccessKey } = serviceKeys
  return {
    // What rclone cannot use it does not run with.
    AWS_CA_BUNDLE: '',
    HOME: home, NEXUS_FS_STATE_DIR: home, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, RCLONE_CONFIG: join(home, 'rclone.conf'),
    RCLONE_CONFIG_BENCH_TYPE: 's3', RCLONE_CONFIG_BENCH_PROVIDER: 'Other', RCLONE_CONFIG_BENCH_ENDPOINT: url, RCLONE_CONFIG_BENCH_REGION: 'us-east-1', RCLONE_CONFIG_BENCH_LIST_VERSION: '2',
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: accessKeyId, RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: secretAccessKey,
  }
}

async function succeed([file, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<void> {
  const { exitCode, stderr } = await runChild(file, args, { env })
  if (exitCode !== 0) throw new Error(`${[file, ...args].join(' ')} ended with ${String(exitCode)}: ${stderr.trim().slice(-300)}`)
}

/** Small files in directories of a hundred, and large ones beside them. */
function makeTree(lab: Lab): { readonly tree: string; readonly small: number; readonly large: number } {
  const tree = lab.directory('tree')
  const [small, large] = [lab.pick({ full: 2000, quick: 2000, tiny: 20 }), lab.pick({ full: 20, quick: 20, tiny: 1 })]
  for (let index = 0; index < small; index++) {
    const directory = join(tree, `d-${Math.floor(index / 100)}`)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, `f-${index}`), randomFillSync(new Uint8Array(4096)))
  }
  for (let index = 0; index < large; index++) writeFileSync(join(tree, `large-${index}`), randomFillSync(new Uint8Array(8 * 1024 ** 2)))
  return { tree, small, large }
}

async function race(service: BucketService, lab: Lab, running: readonly Copier[]): Promise<Fact[]> {
  const env = environment(lab, service)
  const options = `endpoint=${encodeURIComponent(service.url)}&region=us-east-1`
  await succeed(nexusFs('mount', '--at', '/path', `s3://bucket/path?layout=path&${options}`), env)
  await succeed(nexusFs('mount', '--at', '/repository', `s3://bucket/repository?layout=cas&${options}`), env)
  const { tree, small, large } = makeTree(lab)
  const found = running.map(() => ({ times: [] as number[], requests: 0 }))
  for (let round = 0; round < lab.pick({ full: 3, quick: 1, tiny: 1 }); round++) {
    for (const [index, { command }] of running.entries()) {
      await service.ask('clear')
      found[index]?.times.push(await elapsed(() => succeed(command(tree, `${index}-${round}`), env)))
      const { requests } = await service.ask('ask')
      if (found[index] !== undefined) found[index].requests = requests
    }
  }
  const title = `S3: a tree of ${small} files of 4 KB and ${large} of 8 MB`
  return running.map(({ name }, index) => ({ title: `${title}, ${name}`, value: `${formatTime(median(found[index]?.times ?? []))}, ${found[index]?.requests ?? 0} requests` }))
}

async function measure(lab: Lab): Promise<readonly Fact[]> {
  if (!existsSync(cliProgram)) return [{ title: 'S3: a tree', value: 'nexus-fs is not built; `npm run build` builds it' }]
  const { exitCode } = await runChild('sh', ['-c', 'command -v rclone'])
  const absent: Fact[] = exitCode === 0 ? [] : [{ title: 'S3: a tree, rclone', value: 'left out: rclone is not installed' }]
  const service = await openService('s3')
  return [...absent, ...(await race(service, lab, copiers.slice(absent.length)).finally(service.close))]
}

/** Whole programs that bring a tree into a bucket, from their start to their end. */
export const bucketTreesRow: FactRow = { kind: 'facts', title: 'S3: a tree, beside rclone', measure }
