import process from 'node:process'
import { runTour } from './run-tour.ts'
import { runWriter } from './writer.ts'

const [first, repository] = process.argv.slice(2)
// The tour starts this file again as the child that it kills.
if (first === '--writer' && repository !== undefined) await runWriter(repository)
else await runTour(process.argv.slice(2))
