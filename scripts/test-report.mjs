// Writes what scripts/summary.mjs closes a test run with: how many tests passed and failed, and each skipped one with its reason. A reporter of
// vitest, because vitest's own JSON leaves out the reason that a test gives when it skips itself.
import { writeFileSync } from 'node:fs'
import process from 'node:process'

export default class TestReport {
  onTestRunEnd(testModules) {
    const report = { passed: 0, failed: 0, skipped: [] }
    for (const testModule of testModules) {
      const failedBefore = report.failed
      for (const test of testModule.children.allTests()) count(report, test)
      // A file that could not even be loaded, or whose hooks failed, has no failed test that says so.
      if (!testModule.ok() && report.failed === failedBefore) report.failed++
    }
    writeFileSync(process.env.NEXUS_TEST_REPORT, JSON.stringify(report))
  }
}

function count(report, test) {
  const { state, note } = test.result()
  if (state === 'passed') report.passed++
  else if (state === 'failed') report.failed++
  else report.skipped.push({ suite: outermost(test), title: test.name, name: test.fullName, reason: note ?? reasonInTitle(test.fullName) })
}

/** The describe block that holds everything: the backend, where a shared suite runs over one. */
function outermost({ parent }) {
  let suite = parent
  while (suite.type !== 'module' && suite.parent.type !== 'module') suite = suite.parent
  return suite.type === 'module' ? suite.relativeModuleId : suite.name
}

/** What is skipped as a whole, by `skipIf`, says in its title what it needs: `a full disk (needs root)`. */
function reasonInTitle(fullName) {
  const [, reason] = /\(((?:needs )?[^()]+)\)/.exec(fullName) ?? []
  return reason === undefined ? undefined : reason.startsWith('needs ') ? reason : `needs ${reason}`
}
