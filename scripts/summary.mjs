// Prints the closing lines of a test run from the report of scripts/test-report.mjs: what was skipped and why, then `N passed, N failed, N skipped`.
// Nothing is skipped without a reason: one that gives none fails the run. Must itself run on Node 20.
import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'

/** So many names are printed of what one suite skips for one reason. */
const namesShown = 3

const file = process.argv[2] ?? ''
const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
if (text === '') {
  console.error('The tests wrote no report: they did not run to their end.')
  console.log('0 passed, 1 failed, 0 skipped')
  process.exit(1)
}
const { passed, failed, skipped } = JSON.parse(text)
const unexplained = skipped.filter(({ reason }) => reason === undefined)
for (const line of skipLines(skipped.filter(({ reason }) => reason !== undefined))) console.log(line)
for (const { name } of unexplained) console.error(`skipped: ${name}: no reason is given; skip it by \`skip(reason)\`, or say \`(needs ...)\` in its title`)
console.log(`${passed} passed, ${failed + unexplained.length} failed, ${skipped.length - unexplained.length} skipped`)
process.exit(failed + unexplained.length === 0 && passed > 0 ? 0 : 1)

/** One line for each test; for all that one suite skips for a reason, or for one test in all suites that skip it, where they are many. */
function skipLines(tests) {
  const inSuites = groupsBy(tests, ({ suite, reason }) => [suite, reason])
  const lines = inSuites.filter(isMany).map((members) => `skipped: ${members[0].suite}, ${members.length} tests: ${members[0].reason}`)
  const ofTests = groupsBy(inSuites.filter((members) => !isMany(members)).flat(), ({ title, reason }) => [title, reason])
  for (const members of ofTests) {
    if (isMany(members)) lines.push(`skipped: ${members[0].title}, in ${members.length} suites: ${members[0].reason}`)
    else for (const { name, reason } of members) lines.push(`skipped: ${name}: ${reason}`)
  }
  return lines
}

function isMany(members) {
  return members.length > namesShown
}

function groupsBy(tests, keyOf) {
  const groups = new Map()
  for (const test of tests) {
    const key = JSON.stringify(keyOf(test))
    groups.set(key, [...(groups.get(key) ?? []), test])
  }
  return [...groups.values()]
}
