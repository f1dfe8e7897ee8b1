import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { NexusError } from '@nexus/core/contract'
import { shellWord } from './shell-word.ts'
import type { TourPlaces } from './tour.ts'

/** The tree that is taken in when none is named: the real files of pnpm, else all of `node_modules`. */
export function chooseSource(given: string | undefined, { workspace, startedIn }: { readonly workspace: string; readonly startedIn: string }): string {
  if (given !== undefined) return checkedDirectory(resolve(startedIn, given))
  const modules = join(workspace, 'node_modules')
  const store = join(modules, '.pnpm')
  return checkedDirectory(statSync(store, { throwIfNoEntry: false })?.isDirectory() === true ? store : modules)
}

/** @throws NexusError `not_found`, `not_directory` */
function checkedDirectory(directory: string): string {
  const found = statSync(directory, { throwIfNoEntry: false })
  const usage = 'Name a directory to take in: npm start -- DIR'
  if (found === undefined) throw new NexusError('not_found', { op: 'tour', path: directory, reason: `No such directory. ${usage}` })
  if (!found.isDirectory()) throw new NexusError('not_directory', { op: 'tour', path: directory, reason: `It is a file. ${usage}` })
  return directory
}

/** Begins anew: what an earlier tour left is deleted, and a `nexus-fs` that knows this tour's state directory is put into `bin`. */
export function preparePlaces(workspace: string): TourPlaces {
  const home = join(workspace, '.nexus-tour')
  const places = { home, repository: join(home, 'repository'), state: join(home, 'state'), bin: join(home, 'bin') }
  for (const place of [places.repository, places.state, places.bin]) rmSync(place, { recursive: true, force: true })
  mkdirSync(places.bin, { recursive: true })
  writeCommand(places)
  return places
}

/** The command beside the script that runs now, so that it is the same build. */
function writeCommand({ bin, state }: TourPlaces): void {
  const [, script = ''] = process.argv
  const isSource = script.endsWith('.ts')
  const program = isSource ? join(dirname(script), '..', 'bin.ts') : join(dirname(script), 'bin.js')
  const words = [process.execPath, ...process.execArgv, program].map(shellWord).join(' ')
  const file = join(bin, 'nexus-fs')
  writeFileSync(file, `#!/bin/sh\nNEXUS_FS_STATE_DIR=${shellWord(state)} exec ${words} "$@"\n`)
  chmodSync(file, 0o755)
}
