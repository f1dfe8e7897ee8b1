import { startGcsService, startS3Service } from './buckets/bucket-service.ts'
import { runBucketCrashSuite } from './crash/bucket-suite.ts'
import { type CrashReport, runCrashSuite } from './crash/suite.ts'
import { chooseSeed } from './model/random.ts'
import { runMoveSuite } from './moves/suite.ts'

// `npm run faults -- --kills 1000 [--seed N] [--only local|moves|s3|gcs]`: kills processes that write to a local disk, then (a tenth as many each) processes
// that move trees between mounts and that write to buckets, and says whether anything is gone. Exit code 1 when it is.

interface Outcome {
  readonly told: string
  readonly problems: readonly string[]
}

const options = new Map<string, string>()
for (let at = 2; at < process.argv.length; at += 2) options.set(process.argv[at] ?? '', process.argv[at + 1] ?? '')
const kills = Number(options.get('--kills') ?? 1000)
const few = Math.ceil(kills / 10)
const seed = chooseSeed(options.get('--seed'))

const suites: Readonly<Record<string, () => Promise<Outcome>>> = {
  local: async () => told('a local disk', await runCrashSuite({ kills, seed, onRound: progress() })),
  moves: async () => {
    const { kills: done, copies, files, problems } = await runMoveSuite({ kills: few, seed })
    return { told: `${done} kills of moves, ${copies} copies of ${files} files`, problems }
  },
  s3: async () => told('S3', await runBucketCrashSuite({ start: startS3Service, kills: few, seed, onRound: progress() })),
  gcs: async () => told('GCS', await runBucketCrashSuite({ start: startGcsService, kills: few, seed, onRound: progress() })),
}

function told(place: string, { kills: done, acknowledged, problems }: CrashReport): Outcome {
  return { told: `${done} kills over ${place}, ${acknowledged} acknowledged steps`, problems }
}

/** Says every 50 kills how far it has come. */
function progress(): (report: CrashReport) => void {
  let last = 0
  return ({ kills: done, acknowledged }) => {
    if (done < last + 50) return
    last = done
    console.log(`${done} kills, ${acknowledged} acknowledged steps, all there`)
  }
}

const only = options.get('--only')
const unknown = [...options.keys()].filter((name) => !['--kills', '--seed', '--only'].includes(name))
if (unknown.length > 0 || !Number.isSafeInteger(kills) || kills < 1 || (only !== undefined && !Object.hasOwn(suites, only))) {
  console.error('Usage: npm run faults -- [--kills 1000] [--seed N] [--only local|moves|s3|gcs]')
  process.exit(2)
}

console.log(`Killing processes; seed ${seed}.`)
for (const [name, run] of Object.entries(suites)) {
  if (only !== undefined && only !== name) continue
  const outcome = await run()
  for (const problem of outcome.problems) console.error(problem)
  const end = outcome.problems.length === 0 ? 'nothing lost, nothing torn' : `${outcome.problems.length} problems; repeat with --seed ${seed} --only ${name}`
  console.log(`${outcome.told}: ${end}.`)
  if (outcome.problems.length > 0) process.exitCode = 1
}
