import { type ErrorCode, isNexusError, type NexusError } from '@nexus/core/contract'
import type { Output } from './terminal/output.ts'
import { exitCodeOf } from './exit-codes.ts'
import { BrokenPipe, Findings, Interrupted, UsageError } from './outcomes.ts'
import { escapeText } from './terminal/escape-control.ts'

/** How a failure is told. */
export interface ReportOptions {
  readonly output: Output
  readonly json: boolean
  /** How paths of the session are written by people. */
  readonly shown?: ((path: string) => string) | undefined
}

/** A failure as programs read it, on one line of standard error. */
export interface ErrorReport {
  readonly error: {
    /** One of the codes of a NexusError, or `usage`, `interrupted`, `findings`. */
    readonly code: string
    readonly op?: string | undefined
    readonly path?: string | undefined
    readonly backend?: string | undefined
    readonly message: string
    readonly retryAfterMs?: number | undefined
    readonly exitCode: number
  }
}

interface Hint {
  readonly text: string
  /** What was done; absent: whatever it was. */
  readonly ops?: readonly string[]
}

/** What to try next, beside what the error itself says. */
const hints: Partial<Record<ErrorCode, Hint>> = {
  mount_not_found: { text: 'nexus-fs mounts list shows what is mounted; nexus-fs mount local://./data mounts a directory.' },
  corrupt: { text: 'nexus-fs fsck PATH tells what is damaged.', ops: ['stat', 'read', 'list', 'write', 'versions', 'mount', 'open', 'cp'] },
  not_empty: { text: 'nexus-fs rm -r PATH deletes a directory with all that is in it.', ops: ['delete'] },
  is_directory: { text: 'cp -r copies a directory, ls lists it.', ops: ['cp', 'read'] },
}

/** Says why a command failed: for people in words with a hint, for programs as one line of JSON. */
export async function reportError(error: unknown, options: ReportOptions): Promise<void> {
  if (error instanceof BrokenPipe || (error instanceof Findings && error.message === '')) return
  const { output, json } = options
  if (json) await output.line(JSON.stringify(errorReport(error, options)))
  else for (const line of errorLines(error, options)) await output.line(line)
}

/** {@link ErrorReport} of anything that was thrown. */
export function errorReport(error: unknown, { shown = (path) => path }: Pick<ReportOptions, 'shown'> = {}): ErrorReport {
  const exitCode = exitCodeOf(error)
  if (!isNexusError(error)) return { error: { code: codeOf(error), message: messageOf(error), exitCode } }
  const { code, op, path, backend, reason, retryAfterMs } = error
  return { error: { code, op, path: path === undefined ? undefined : shown(path), backend, message: reason, retryAfterMs, exitCode } }
}

function codeOf(error: unknown): string {
  if (error instanceof UsageError) return 'usage'
  if (error instanceof Interrupted) return 'interrupted'
  return error instanceof Findings ? 'findings' : 'unexpected'
}

/** Where a sentence of the library names a function or an option of it, and what it is here; a hint may follow that says the same. */
const ofTheLibrary: Readonly<Record<string, string>> = {
  '; listMounts() shows what is.': '.',
  '; pass recursive to delete what is in it.': '.',
  '; versions() lists what is kept.': '; nexus-fs versions lists what is kept.',
}

/** A failure of ours on one line: where, why, and its code. */
export function errorText(error: NexusError, { output, shown = (path) => path }: Omit<ReportOptions, 'json'>): string {
  const { op, path, code } = error
  const reason = Object.entries(ofTheLibrary).reduce((text, [theirs, ours]) => text.replace(theirs, ours), error.reason)
  const place = [op, path === undefined ? undefined : shown(path)].filter((part) => part !== undefined).join(' ')
  return `${output.paint('red', 'nexus-fs:')} ${escapeText(place === '' ? '' : `${place}: `)}${escapeText(reason)} ${output.paint('dim', `(${code})`)}`
}

function errorLines(error: unknown, options: ReportOptions): string[] {
  const { output } = options
  if (!isNexusError(error)) return [`${output.paint('red', 'nexus-fs:')} ${escapeText(messageOf(error))}`]
  const line = errorText(error, options)
  const hint = hintFor(error)
  return hint === undefined ? [line] : [line, output.paint('dim', hint)]
}

function hintFor({ code, op, backend, reason }: NexusError): string | undefined {
  // Core names the package manager of a program; this is one that installs for itself.
  if (code === 'unavailable' && backend !== undefined && reason.includes('is not installed')) return `For this command: nexus-fs add ${backend}`
  const hint = hints[code]
  return hint?.ops === undefined || (op !== undefined && hint.ops.includes(op)) ? hint?.text : undefined
}

/** A fault of the program itself is shown with where it happened, because somebody has to find it. */
function messageOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof Interrupted || error instanceof Findings) return error.message
  return error instanceof Error ? `This is a fault of nexus-fs; please report it. ${error.stack ?? error.message}` : String(error)
}
