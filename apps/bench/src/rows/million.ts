import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { freshBytes } from '../payload.ts'
import { openNexusMount, type NexusMount } from '../stores/nexus-store.ts'
import { formatTime, median } from '../statistics.ts'
import type { Fact, FactRow } from './row.ts'

const few = 1000
const batchFiles = 1000

/** A repository with one directory of so many files of 100 bytes, written in batches. */
async function build(root: string, files: number): Promise<void> {
  const { fs, at, close } = await openNexusMount(root, 'os')
  for (let first = 0; first < files; first += batchFiles) {
    const count = Math.min(batchFiles, files - first)
    await fs.batch(Array.from({ length: count }, (_, index) => ({ op: 'write', path: `${at}/all/f-${first + index}`, body: freshBytes(100) })))
  }
  await close()
}

async function statSome({ fs, at }: NexusMount, files: number): Promise<number> {
  const operations = 1000
  const paths = Array.from({ length: operations }, (_, index) => `${at}/all/f-${(index * 7919) % files}`)
  return (await elapsed(() => inFlight(1, paths.map((path) => () => fs.stat(path))))) / operations
}

async function listPage({ fs, at }: NexusMount, files: number): Promise<number> {
  return await elapsed(async () => {
    let count = 0
    for await (const _ of fs.list(`${at}/all`, { limit: few, startAfter: `f-${Math.floor(files / 2)}` })) count++
    if (count === 0 || count > few) throw new Error(`A page of ${few} had ${count} entries.`)
  })
}

/** Small and large take turns. */
async function compare(small: NexusMount, large: NexusMount, { files, rounds }: { readonly files: number; readonly rounds: number }): Promise<Fact[]> {
  const times = { statSmall: [] as number[], statLarge: [] as number[], pageSmall: [] as number[], pageLarge: [] as number[] }
  for (let round = 0; round <= rounds; round++) {
    const found = { statSmall: await statSome(small, few), statLarge: await statSome(large, files), pageSmall: await listAllOf(small), pageLarge: await listPage(large, files) }
    if (round > 0) for (const name of ['statSmall', 'statLarge', 'pageSmall', 'pageLarge'] as const) times[name].push(found[name])
  }
  return [
    compared(`stat among ${files} files against among ${few}`, median(times.statLarge), { against: median(times.statSmall), limit: 1.5 }),
    compared(`a page of ${few} in a directory of ${files} against a directory of ${few}`, median(times.pageLarge), { against: median(times.pageSmall), limit: 2 }),
  ]
}

async function listAllOf({ fs, at }: NexusMount): Promise<number> {
  return await elapsed(async () => {
    for await (const _ of fs.list(`${at}/all`, { limit: few }));
  })
}

/** A fact about how much longer something takes at scale. */
export function compared(title: string, time: number, { against, limit }: { readonly against: number; readonly limit: number }): Fact {
  const times = time / against
  return { title, value: `${formatTime(time)} against ${formatTime(against)}: ${times.toFixed(2)}x`, goal: `at most ${limit}x`, isReached: times <= limit }
}

async function timeOpening(root: string): Promise<number> {
  let mounted: NexusMount | undefined
  const time = await elapsed(async () => {
    mounted = await openNexusMount(root, 'os')
    await mounted.fs.stat(`${mounted.at}/all/f-1`)
  })
  await mounted?.close()
  return time
}

async function opening(root: string, files: number): Promise<Fact[]> {
  const times = [await timeOpening(root), await timeOpening(root), await timeOpening(root)]
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(root, `index.db${suffix}`), { force: true })
  const rebuild = await timeOpening(root)
  return [
    { title: `opening a repository of ${files} files, with a first stat`, value: formatTime(median(times)), goal: 'below 1 s', isReached: median(times) < 1e6 },
    { title: `rebuilding the index of ${files} files from the journal`, value: formatTime(rebuild), goal: 'below 60 s', isReached: rebuild < 60e6 },
  ]
}

async function measure(lab: Lab): Promise<readonly Fact[]> {
  const { files } = lab
  if (files === 0) return [{ title: 'a million files', value: 'left out; `--files 1000000` or the full run measures it' }]
  const root = lab.directory('million')
  const [smallRoot, largeRoot] = [join(root, 'small'), join(root, 'large')]
  await build(smallRoot, few)
  const building = await elapsed(() => build(largeRoot, files))
  const small = await openNexusMount(smallRoot, 'os')
  const large = await openNexusMount(largeRoot, 'os')
  const facts = await compare(small, large, { files, rounds: lab.pick({ full: 9, quick: 5, tiny: 1 }) })
  await small.close()
  await large.close()
  return [{ title: `building ${files} files in commits of ${batchFiles}`, value: `${formatTime(building)}, ${formatTime(building / files)} a file` }, ...facts, ...(await opening(largeRoot, files))]
}

/** What grows with the number of files, and what must not. */
export const millionRow: FactRow = { kind: 'facts', title: 'a million files', measure }
