// A process of its own, run under strace: does one job between two marks that can be found in the trace.
import { accessSync } from 'node:fs'
import process from 'node:process'
import { countJobs, markOf } from './count-jobs.ts'

const [title = '', root = '', scale = '1'] = process.argv.slice(2)
const job = countJobs.find((known) => known.title === title)
if (job === undefined) throw new Error(`There is no job "${title}".`)
const { store, run } = await job.open(root, Number(scale))
await store.settle()
mark('begin')
await run()
// The index is written behind the journal; its writes belong to the job.
await store.settle()
mark('end')
await store.close()

/** Looks for a file that is not there: nothing but the trace sees it. */
function mark(moment: 'begin' | 'end'): void {
  try {
    accessSync(markOf(moment))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
