import type { RaceResult } from './race.ts'
import type { Fact } from './rows/row.ts'
import { peerNames } from './stores/peers.ts'
import { formatTime } from './statistics.ts'

/** Everything that one run found. */
interface Findings {
  readonly machine: readonly string[]
  readonly scale: string
  readonly races: readonly RaceResult[]
  readonly facts: readonly Fact[]
}

const timeOf = ({ medians }: RaceResult, name: string): string => (medians[name] === undefined ? '' : formatTime(medians[name]))

/** `yes`, `NO`, or nothing where there is no goal. */
function reached(isReached: boolean | undefined): string {
  return isReached === undefined ? '' : isReached ? 'yes' : '**no**'
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** One line for the terminal while it runs. */
export function raceLine(result: RaceResult): string {
  const goal = result.goal === undefined ? '' : `goal ${result.goal}x ${result.isReached === true ? 'reached' : 'NOT REACHED'}`
  const cells = [result.title.padEnd(32), timeOf(result, 'nexus').padStart(9), timeOf(result, 'repository').padStart(9), timeOf(result, result.rival).padStart(9), `${result.ratio.toFixed(2)}x`.padStart(8)]
  return `${cells.join(' ')}  ${goal}`
}

/** The same for a fact. */
export function factLine({ title, value, goal, isReached }: Fact): string {
  return `${title}: ${value}${goal === undefined ? '' : `  (${goal}: ${isReached === true ? 'reached' : 'NOT REACHED'})`}`
}

function raceTable(races: readonly RaceResult[]): string {
  const rows = races.filter(({ rival }) => rival === 'node:fs').map((race) => [race.title, timeOf(race, 'nexus'), timeOf(race, 'repository'), timeOf(race, 'node:fs'), `${race.ratio.toFixed(2)}x`, race.goal === undefined ? '' : `${race.goal}x`, reached(race.isReached)])
  return markdownTable(['row', 'nexus', 'repository alone', 'node:fs', 'node:fs / nexus', 'goal', 'reached'], rows)
}

/** The rows in buckets; whom ours is compared with stands in the row. */
function bucketTable(races: readonly RaceResult[]): string {
  const rows = races.filter(({ rival }) => rival !== 'node:fs').map((race) => {
    const goal = race.goal === undefined ? '' : `${race.goal}x`
    return [race.title, timeOf(race, 'nexus'), `${timeOf(race, race.rival)} (${race.rival})`, `${race.ratio.toFixed(2)}x`, goal, reached(race.isReached)]
  })
  return markdownTable(['row', 'nexus', 'beside', 'beside / nexus', 'goal', 'reached'], rows)
}

function peerTable(races: readonly RaceResult[]): string {
  const rows = races
    .filter(({ medians, absent }) => peerNames.some((name) => medians[name] !== undefined || absent[name] !== undefined))
    .map((race) => [race.title, timeOf(race, 'nexus'), timeOf(race, 'node:fs'), ...peerNames.map((name) => timeOf(race, name) || 'absent')])
  return markdownTable(['row', 'nexus', 'node:fs', ...peerNames], rows)
}

function absences(races: readonly RaceResult[]): string[] {
  const found = new Map(races.flatMap(({ absent }) => Object.entries(absent)))
  return Array.from(found, ([name, problem]) => `- ${name} is absent: ${problem}`)
}

function factTable(facts: readonly Fact[]): string {
  return markdownTable(['what', 'measured', 'goal', 'reached'], facts.map(({ title, value, goal = '', isReached }) => [title, value, goal, reached(isReached)]))
}

/** The page that `RESULTS.md` is, without its last section. */
export function toMarkdown({ machine, scale, races, facts }: Findings): string {
  return [
    '# What Nexus measures of itself',
    `Written by \`npm run bench\` (${scale} run). Medians over interleaved rounds of one run; ratios matter, not microseconds.`,
    machine.join('\n'),
    '## Against `node:fs`',
    [
      '`nexus` is `mount()` with everything that belongs to it: facade, kernel, layers, repository; `repository alone` is the backend under it. Digests are computed and checked,',
      'every write keeps a version. `node:fs` does the job by hand: temporary file and rename, with `fsync` of file and directory where that is the row; it hashes nothing.',
    ].join('\n'),
    raceTable(races),
    '## Peers',
    'In the same rounds, with durability `os`. None of them syncs; opendal, unstorage, flydrive and flystorage write in place, so that a crash may leave half a file; cacache hashes too.',
    peerTable(races),
    ...(absences(races).length === 0 ? [] : [absences(races).join('\n')]),
    '## Buckets',
    [
      'Against a service on this machine, in a process of its own, that checks neither signatures nor checksums: there is no network whose waiting would hide what a client costs. `nexus` is `mount()` with layout `path`, caches',
      'bypassed where nothing else is said. `SDK` is `@aws-sdk/client-s3` as its documentation has it, with `@aws-sdk/lib-storage` for what is streamed. Both sign the SHA-256 of what they send, send a CRC-32 with each body or',
      'part (ours one of the whole object too), verify that of what they read, and keep as much in flight. `fetch` sends the same requests to GCS by hand, without checksums.',
    ].join('\n'),
    bucketTable(races),
    '## Size, memory, start-up and counts',
    factTable(facts),
  ].join('\n\n')
}

/** Heading of the section that people write, from profiles; it stays when the rest is written again. */
const profileHeading = '## Where the time goes'

/** The new page with the hand-written section of the one before. */
export function withProfiles(page: string, before: string): string {
  const start = before.indexOf(profileHeading)
  return start === -1 ? `${page}\n` : `${page}\n\n${before.slice(start).trimEnd()}\n`
}
