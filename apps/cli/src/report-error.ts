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

/** What to try next, beside what the error itself says. */
const hints = {
  mount_not_found: 'nexus-fs mounts list shows what is mounted; nexus-fs mount local://./data mounts a directory.',
  corrupt: 'nexus-fs fsck PATH tells what is damaged.',
  not_empty: 'nexus-fs rm -r PATH deletes a directory with all that is in it.',
  is_directory: 'Commands that go into directories take -r.',
} satisfies Partial<Record<ErrorCode, string>>

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

/** A failure of ours on one line: where, why, and its code. */
export function errorText(error: NexusError, { output, shown = (path) => path }: Omit<ReportOptions, 'json'>): string {
  const { op, path, code } = error
  // The sentence of the library names a function; the hint below names the command.
  const reason = error.reason.replace('; listMounts() shows what is.', '.')
  const place = [op, path === undefined ? undefined : shown(path)].filter((part) => part !== undefined).join(' ')
  return `${output.paint('red', 'nexus-fs:')} ${escapeText(place === '' ? '' : `${place}: `)}${escapeText(reason)} ${output.paint('dim', `(${code})`)}`
}

function errorLines(error: unknown, options: ReportOptions): string[] {
  const { output } = options
  if (!isNexusError(error)) return [`${output.paint('red', 'nexus-fs:')} ${escapeText(messageOf(error))}`]
  const line = errorText(error, options)
  const hint: string | undefined = error.code in hints ? hints[error.code as keyof typeof hints] : undefined
  return hint === undefined ? [line] : [line, output.paint('dim', hint)]
}

/** A fault of the program itself is shown with where it happened, because somebody has to find it. */
function messageOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof Interrupted || error instanceof Findings) return error.message
  return error instanceof Error ? `This is a fault of nexus-fs; please report it. ${error.stack ?? error.message}` : String(error)
}
