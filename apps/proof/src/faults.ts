import { runCrashSuite } from './crash/suite.ts'
import { chooseSeed } from './model/random.ts'
import { runMoveSuite } from './moves/suite.ts'

// `npm run faults -- --kills 1000 [--seed N]`: kills writing processes, then (a tenth as many) processes that move trees between mounts, and says whether
// anything is gone. Exit code 1 when it is.
const options = new Map<string, string>()
for (let at = 2; at < process.argv.length; at += 2) options.set(process.argv[at] ?? '', process.argv[at + 1] ?? '')
const unknown = [...options.keys()].filter((name) => name !== '--kills' && name !== '--seed')
const kills = Number(options.get('--kills') ?? 1000)
if (unknown.length > 0 || !Number.isSafeInteger(kills) || kills < 1) {
  console.error('Usage: npm run faults -- [--kills 1000] [--seed N]')
  process.exit(2)
}

const seed = chooseSeed(options.get('--seed'))
console.log(`Killing ${kills} writing processes; seed ${seed}.`)
const report = await runCrashSuite({
  kills,
  seed,
  onRound: ({ kills: done, acknowledged }) => {
    if (done % 50 < 2) console.log(`${done} kills, ${acknowledged} acknowledged steps, all there`)
  },
})
for (const problem of report.problems) console.error(problem)
console.log(`${report.kills} kills, ${report.acknowledged} acknowledged steps: ${report.problems.length === 0 ? 'nothing lost, nothing torn' : `${report.problems.length} problems; repeat with --seed ${seed}`}.`)
const moves = await runMoveSuite({ kills: Math.ceil(kills / 10), seed })
for (const problem of moves.problems) console.error(problem)
console.log(`${moves.kills} kills of moves, ${moves.copies} copies of ${moves.files} files: ${moves.problems.length === 0 ? 'nothing lost, nothing repeated' : `repeat with --seed ${seed}`}.`)
process.exitCode = report.problems.length + moves.problems.length === 0 ? 0 : 1
