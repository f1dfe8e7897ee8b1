// Prints the closing line of a test run, `N passed, N failed, N skipped`, from vitest's JSON report; each skipped test by name.
import { readFileSync } from 'node:fs'
import process from 'node:process'

const text = readFileSync(process.argv[2] ?? '', 'utf8')
if (text === '') {
  console.error('The tests wrote no report: they did not run to their end.')
  console.log('0 passed, 1 failed, 0 skipped')
  process.exit(1)
}
const tests = JSON.parse(text).testResults.flatMap((file) => file.assertionResults)
const count = (...states) => tests.filter((test) => states.includes(test.status)).length
for (const test of tests.filter(({ status }) => status === 'skipped' || status === 'pending')) console.log(`skipped: ${test.fullName}`)
const failed = count('failed')
console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped', 'pending', 'todo')} skipped`)
process.exit(failed === 0 && tests.length > 0 ? 0 : 1)
