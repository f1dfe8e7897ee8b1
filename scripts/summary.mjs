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

/** One line for each test where a suite skips few for a reason, and one for all of them where it skips many. */
function skipLines(tests) {
  const groups = new Map()
  for (const test of tests) {
    const key = JSON.stringify([test.suite, test.reason])
    groups.set(key, [...(groups.get(key) ?? []), test])
  }
  return [...groups.values()].flatMap((members) => {
    const [{ suite, reason }] = members
    return members.length <= namesShown ? members.map(({ name }) => `skipped: ${name}: ${reason}`) : [`skipped: ${suite}, ${members.length} tests: ${reason}`]
  })
}
