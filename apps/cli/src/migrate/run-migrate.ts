import { isNexusError, type MigrateProgress, type MigrateResult, type MigrationLoss, NexusError, readMounts } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { findMount } from '../mounts/find-mount.ts'
import { Interrupted } from '../outcomes.ts'
import { createPrinter } from '../replicate/printer.ts'
import { counted, formatBytes, formatDuration } from '../terminal/format.ts'
import { mount } from '../with-local.ts'

/** The options of `migrate`. */
export interface MigrateCommandOptions {
  readonly dryRun?: true | undefined
  readonly checksum?: true | undefined
  readonly allowLoss?: true | undefined
  readonly follow?: true | undefined
  /** In bytes a second. */
  readonly bandwidth?: number | undefined
  readonly concurrency?: number | undefined
}

/** Moves a remembered mount to other storage. @throws NexusError of the migration; Interrupted, with `follow` always */
export async function runMigrate(cli: Cli, [text, uri]: readonly [mount: string, uri: string], { bandwidth, ...options }: MigrateCommandOptions): Promise<void> {
  const { mountPoint } = findMount(await readMounts(), text, 'migrate')
  // What everything is mounted with: a tier rule leads to other mounts, and one that is out of reach has nothing to do with this.
  await using fs = await mount({ skipUnavailable: true, signal: cli.signal })
  const { print, printed } = createPrinter()
  const progress = cli.progress('Migrating')
  const state = { isSwitched: false }
  const onSwitch = (result: MigrateResult): void => {
    state.isSwitched = true
    progress.end()
    print(() => printResult(cli, result, options))
  }
  const given = { ...options, bytesPerSecond: bandwidth, signal: cli.signal, onSwitch, onLosses: losses(cli, print, options) }
  const onRetry = (error: NexusError): void => print(() => cli.err.line(`${error.message} It will be tried again.`))
  try {
    const result = await fs.migrate(mountPoint, uri, { ...given, onRetry, onProgress: (done) => progress.update(shown(done)) })
    if (!state.isSwitched) print(() => printResult(cli, result, options))
  } catch (error) {
    if (error instanceof Interrupted && !state.isSwitched) print(() => cli.err.line('The mount leads where it led; the same command goes on where it was.'))
    throw inWordsOfTheCommand(error)
  } finally {
    progress.end()
    await printed()
  }
}

function shown({ phase, files, bytes }: MigrateProgress): { readonly files: number; readonly bytes: number; readonly note: string } {
  return { files, bytes, note: phase }
}

/** What is lost is told where nothing else does: a migration that refuses it says so in its failure. */
function losses({ err, json }: Cli, print: (line: () => Promise<void>) => void, { dryRun, allowLoss }: MigrateCommandOptions): (found: readonly MigrationLoss[]) => void {
  return (found) => {
    if (json || (dryRun !== true && allowLoss !== true)) return
    for (const { kind, count, path, reason } of found) {
      const which = count === undefined ? '' : ` (${count}, the first is ${err.name(path ?? '')})`
      print(() => err.line(`Does not go along: ${kind}${which}: ${err.text(reason)}`))
    }
  }
}

async function printResult({ out, err, json }: Cli, result: MigrateResult, { follow, dryRun }: MigrateCommandOptions): Promise<void> {
  const { mountPoint, from, to, files, bytes, copiedFiles, copiedBytes, heldMs } = result
  if (json) await out.line(JSON.stringify({ ...result, dryRun: dryRun === true }))
  else if (dryRun === true) await out.line(`Would migrate ${mountPoint} to ${out.name(to)}: ${counted(files, 'file')}, ${formatBytes(bytes)}. Nothing was changed.`)
  else {
    await out.line(`${mountPoint} leads to ${out.name(to)} now: ${counted(files, 'file')}, ${formatBytes(bytes)}; copied ${counted(copiedFiles, 'file')}, ${formatBytes(copiedBytes)}; changes waited ${formatDuration(heldMs)}.`)
    await err.line(`The old storage ${err.name(from ?? '')} is as it was. Programs that have ${mountPoint} open write to it until they mount again; when none does any more, delete it by its own means.`)
    if (follow === true) await err.line('What they change there comes along now; Ctrl-C ends it.')
  }
  // Who reads it waits for this line.
  if (follow === true) await out.flush()
}

/** The library names its options; here they are written otherwise. */
function inWordsOfTheCommand(error: unknown): unknown {
  if (!isNexusError(error)) return error
  const { code, op, path, backend, cause } = error
  return new NexusError(code, { op, path, backend, cause, reason: error.reason.replace('Pass allowLoss: true', 'Add --allow-loss') })
}
