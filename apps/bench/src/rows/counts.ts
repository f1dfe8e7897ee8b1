import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { runChild } from '../child.ts'
import { type CountJob, countJobs, markOf } from '../count-jobs.ts'
import type { Lab } from '../lab.ts'
import { formatBytes } from '../statistics.ts'
import { countTrace, type TraceCounts } from '../trace.ts'
import { nodeArguments } from '../workspace.ts'
import type { Fact, FactRow } from './row.ts'

const traced = 'fsync,fdatasync,write,writev,pwrite64,pwritev,access,faccessat,faccessat2'

async function trace(lab: Lab, job: CountJob): Promise<TraceCounts> {
  const directory = lab.directory('counts')
  const output = join(directory, 'trace')
  const root = join(directory, 'data')
  // io_uring would do its work out of strace's sight.
  const env = { UV_USE_IO_URING: '0' }
  const child = [process.execPath, ...nodeArguments('counted', [job.title, root, String(lab.pick({ full: 1, quick: 1, tiny: 500 }))])]
  const { exitCode, stderr } = await runChild('strace', ['-f', '-y', '-s', '40', '-o', output, '-e', `trace=${traced}`, '--', ...child], { env })
  if (exitCode !== 0) throw new Error(`Counting "${job.title}" failed: ${stderr.trim()}`)
  return countTrace(readFileSync(output, 'utf8'), { root, begin: markOf('begin'), end: markOf('end') })
}

function toFact({ title, operations }: CountJob, { syncs, writes, journalBytes, contentBytes, indexBytes }: TraceCounts): Fact {
  const each = (count: number): string => (count / operations).toFixed(2).replace(/\.?0+$/, '')
  const bytes = (count: number): string => formatBytes(count / operations)
  const value = `${each(syncs)} syncs, ${each(writes)} writes; journal ${bytes(journalBytes)}, contents and other files ${bytes(contentBytes)}, index ${bytes(indexBytes)}`
  return { title: `count: ${title}`, value }
}

/** Renaming is one row whatever the size: the journal says the same for ten files and for ten thousand, but for the number's digits. */
function renameFact(small: TraceCounts, large: TraceCounts): Fact {
  const value = `${small.journalBytes} B of journal for 10 files, ${large.journalBytes} B for 10,000`
  return { title: 'rename a tree: one row, whatever its size', value, goal: 'the same journal, within 64 B', isReached: Math.abs(large.journalBytes - small.journalBytes) <= 64 }
}

async function measure(lab: Lab): Promise<readonly Fact[]> {
  const { exitCode } = await runChild('sh', ['-c', 'command -v strace'])
  if (exitCode !== 0) return [{ title: 'counts of system calls', value: 'left out: strace is not installed' }]
  const counts: TraceCounts[] = []
  for (const job of countJobs) counts.push(await trace(lab, job))
  const [small, large] = counts.slice(-2)
  const facts = countJobs.flatMap((job, index) => (counts[index] === undefined ? [] : [toFact(job, counts[index])]))
  return small === undefined || large === undefined ? facts : [...facts, renameFact(small, large)]
}

/** System calls and bytes of one operation, the index behind the journal included. */
export const countRow: FactRow = { kind: 'facts', title: 'counts of syncs and bytes', measure }
