import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArguments } from './arguments.ts'
import { openDisk } from './disk.ts'
import { createLab, type Lab } from './lab.ts'
import { machineFacts } from './machine.ts'
import { type RaceResult, runRace } from './race.ts'
import { factLine, raceLine, toMarkdown, withProfiles } from './report.ts'
import { allRows } from './rows/all-rows.ts'
import type { Fact, Row } from './rows/row.ts'
import { workspaceRoot } from './workspace.ts'

async function runRows(rows: readonly Row[], lab: Lab): Promise<{ races: RaceResult[]; facts: Fact[] }> {
  const races: RaceResult[] = []
  const facts: Fact[] = []
  for (const row of rows) {
    try {
      if (row.kind === 'race') races.push(told(await runRace(row, lab), raceLine))
      else for (const fact of await row.measure(lab)) facts.push(told(fact, factLine))
    } catch (error) {
      // The rows before it took minutes: they are reported, and so is this one.
      process.exitCode = 1
      facts.push(told({ title: row.title, value: `failed: ${error instanceof Error ? error.message : String(error)}`, goal: 'to be measured', isReached: false }, factLine))
    }
  }
  return { races, facts }
}

/** Prints what was found at once. */
function told<T>(finding: T, line: (finding: T) => string): T {
  console.log(line(finding))
  return finding
}

const { scale, files, only } = parseArguments(process.argv.slice(2))
const rows = allRows.filter(({ title }) => only?.test(title) ?? true)
const disk = openDisk()
process.once('SIGINT', () => {
  disk.close()
  process.exit(130)
})
try {
  const machine = machineFacts(disk)
  console.log(`${machine.join('\n')}\n\n${'row'.padEnd(32)} ${['nexus', 'alone', 'node:fs'].map((name) => name.padStart(9)).join(' ')} ${'ratio'.padStart(8)}`)
  const found = await runRows(rows, createLab(disk.root, { scale, files }))
  if (only === undefined) {
    const page = join(workspaceRoot, 'apps', 'bench', 'RESULTS.md')
    writeFileSync(page, withProfiles(toMarkdown({ machine, scale, ...found }), existsSync(page) ? readFileSync(page, 'utf8') : ''))
    console.log('\nWritten to apps/bench/RESULTS.md.')
  }
} finally {
  disk.close()
}
