import { randomInt } from 'node:crypto'
import { type Entry, joinPath, NexusError, parsePath } from '@nexus/core/contract'
import { noCounts } from '../copy/copy-counts.ts'
import { takeIn } from '../copy/take-in.ts'
import { counted, formatBytes, formatCount, formatDuration } from '../terminal/format.ts'
import { mount } from '../with-local.ts'
import { killWriter } from './kill-writer.ts'
import { shellWord } from './shell-word.ts'
import { maxTourFiles, type Tour, tourMount } from './tour.ts'
import { isWhole } from './writer.ts'

const tree = parsePath(`${tourMount}/tree`)
const copy = parsePath(`${tourMount}/copy`)

/** Takes the tree in, file by file, with many writers at once. */
export async function takeTreeIn({ cli, fs, source, places, tell }: Tour): Promise<void> {
  const counts = noCounts()
  const progress = cli.progress('Taking in')
  const startedAt = performance.now()
  const session = { fs, paths: [], shown: (path: string) => path, isEmpty: false, [Symbol.asyncDispose]: () => Promise.resolve() }
  try {
    await takeIn({ cli, session, counts, progress, verify: false, replaces: true, recursive: true, within: { maxFiles: maxTourFiles, excluded: Buffer.from(places.home) } }, source, tree)
  } finally {
    progress.end()
  }
  const tookMs = performance.now() - startedAt
  const seconds = tookMs / 1000
  const what = counts.files >= maxTourFiles ? `The first ${formatCount(maxTourFiles)} files` : counted(counts.files, 'file')
  const rate = `${formatCount(counts.files / seconds)} files/s and ${formatBytes(counts.bytes / seconds)}/s`
  const links = counts.links === 0 ? '' : `; ${counted(counts.links, 'link')} skipped`
  await tell(`${what}, ${formatBytes(counts.bytes)}, in ${formatDuration(tookMs)}: ${rate}, each one synced to disk${links}.`, `nexus-fs cp -r ${shellWord(source)} ${tree}`)
}

/** How much smaller the storage is than what it holds. */
export async function showDeduplication({ cli, fs, tell }: Tour): Promise<void> {
  const { files, logicalBytes, storedBytes = 0 } = await fs.usage(tree, { signal: cli.signal })
  const saved = logicalBytes === 0 ? 0 : Math.round((1 - storedBytes / logicalBytes) * 100)
  await tell(`${counted(files, 'file')} of ${formatBytes(logicalBytes)} take ${formatBytes(storedBytes)}: ${saved}% was there already, stored once.`, `nexus-fs du ${tree}`)
}

/** Lists everything, with full stats. */
export async function listTree({ cli, fs, tell, show }: Tour): Promise<void> {
  const startedAt = performance.now()
  const first: Entry[] = []
  let count = 0
  for await (const entry of fs.list(tree, { recursive: true, signal: cli.signal })) {
    count++
    if (entry.kind === 'file' && first.length < 3) first.push(entry)
  }
  await tell(`Listed ${counted(count, 'entry', 'entries')} with sizes, dates and digests in ${formatDuration(performance.now() - startedAt)}.`, `nexus-fs ls -l -r ${tree}`)
  for (const { path, sizeBytes = 0, digest = '' } of first) await show(`${formatBytes(sizeBytes).padStart(8)}  ${digest.slice(0, 19)}  ${cli.out.name(path.slice(tree.length + 1))}`)
}

/** Copies the whole tree; no byte moves. */
export async function copyTree({ cli, fs, tell }: Tour): Promise<void> {
  const startedAt = performance.now()
  await fs.copyTree(tree, copy, { signal: cli.signal })
  const tookMs = performance.now() - startedAt
  const { files, storedBytes = 0 } = await fs.usage(tourMount, { signal: cli.signal })
  await tell(`Copied the tree in one commit in ${formatDuration(tookMs)}; both together, ${counted(files, 'file')}, still take ${formatBytes(storedBytes)}.`, `nexus-fs cp -r ${tree} ${copy}`)
}

/** Changes a file, and brings its first version back. */
export async function changeAndRestore({ cli, fs, tell, show }: Tour): Promise<void> {
  const { signal } = cli
  const path = joinPath(parsePath(tourMount), 'notes.txt')
  await fs.write(path, 'Nexus keeps every version.\n', { signal })
  await tell('Wrote a file.', `echo 'Nexus keeps every version.' | nexus-fs write ${path}`)
  const { diff } = await fs.edit(path, [{ oldText: 'every version', newText: 'nothing' }], { signal })
  await tell('Changed it.', `nexus-fs edit --old 'every version' --new nothing ${path}`)
  for (const line of diff.trimEnd().split('\n').slice(2)) await show(line.startsWith('-') ? cli.out.paint('red', line) : line.startsWith('+') ? cli.out.paint('green', line) : line)
  let versions = 0
  let previous: string | undefined
  for await (const { version, current } of fs.versions(path, { signal })) {
    versions++
    if (!current) previous ??= version
  }
  if (previous === undefined) throw new NexusError('unexpected', { op: 'tour', path, reason: 'The version before the change is gone.' })
  await tell(`It has ${counted(versions, 'version')}.`, `nexus-fs versions ${path}`)
  await fs.restore(path, previous, { signal })
  await tell(`Restored: ${(await fs.readText(path, { signal })).trim()}`, `nexus-fs restore ${path}`)
}

/** Finds files by name, and lines by what is in them. */
export async function findAndGrep({ cli, fs, tell, show }: Tour): Promise<void> {
  const { signal } = cli
  const findStart = performance.now()
  let found = 0
  for await (const entry of fs.glob('**/*.md', { path: tree, dot: true, signal })) found += entry.kind === 'file' ? 1 : 0
  await tell(`Found ${counted(found, 'file')} named *.md in ${formatDuration(performance.now() - findStart)}.`, `nexus-fs find ${tree} -name '*.md' -type f`)
  const grepStart = performance.now()
  const matches: string[] = []
  for await (const { path, line, text } of fs.grep('copyright', { path: tree, ignoreCase: true, limit: 1000, signal })) {
    matches.push(`${cli.out.name(path.slice(tree.length + 1))}:${line}: ${cli.out.text(text.trim().slice(0, 60))}`)
  }
  await tell(`Found ${counted(matches.length, 'line')} with "copyright"${matches.length === 1000 ? ' (and stopped there)' : ''} in ${formatDuration(performance.now() - grepStart)}.`, `nexus-fs grep -i -m 1000 copyright ${tree}`)
  for (const match of matches.slice(0, 2)) await show(match)
}

const kills = 3

/** Kills a writer in the middle of its work, several times, and looks at what is left. */
export async function surviveKills({ cli, places, tell }: Tour): Promise<void> {
  const { signal } = cli
  const acknowledged: number[] = []
  for (let round = 1; round <= kills; round++) {
    const numbers = await killWriter({ repository: places.repository, afterAcknowledged: randomInt(100, 400), signal })
    const left = await lookAfterKill(places.repository, { acknowledged: numbers, signal })
    if (left.lost > 0 || left.torn > 0) throw new NexusError('corrupt', { op: 'tour', path: `${tourMount}/killed`, reason: `${left.lost} acknowledged writes were lost and ${left.torn} files are torn.` })
    acknowledged.push(...numbers)
  }
  const killed = `${tourMount}/killed`
  await tell(`Killed a writer (SIGKILL) ${kills} times: all ${counted(acknowledged.length, 'acknowledged write')} read back, none lost, nothing torn.`, `nexus-fs write ${killed}/mine < /dev/zero & sleep 1; kill -9 $!; nexus-fs ls -l ${killed} | tail -3`)
}

/** A fresh mount, as after a restart: every acknowledged file is there, and every file is whole. */
async function lookAfterKill(repository: string, { acknowledged, signal }: { readonly acknowledged: readonly number[]; readonly signal: AbortSignal }): Promise<{ readonly lost: number; readonly torn: number }> {
  await using fs = await mount({ uri: `local://${repository.replace(/[%?#]/g, encodeURIComponent)}`, at: '/' }, { ephemeral: true, signal })
  const missing = new Set(acknowledged)
  let torn = 0
  for await (const { name, path } of fs.list('/killed', { signal })) {
    missing.delete(Number(name))
    if (!isWhole(Number(name), await fs.read(path, { signal }))) torn++
  }
  return { lost: missing.size, torn }
}
