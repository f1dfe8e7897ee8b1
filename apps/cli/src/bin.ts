#!/usr/bin/env node
import process from 'node:process'

// The version is told without loading anything else.
const [first] = process.argv.slice(2)
if (first === '--version' || first === '-V') {
  const { packageVersion } = await import('./package-version.ts')
  process.stdout.write(`${packageVersion()}\n`)
} else {
  const { runProcess } = await import('./run-process.ts')
  await runProcess(process.argv.slice(2))
}
