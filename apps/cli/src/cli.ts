import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import type { Output, OutputStream } from './terminal/output.ts'
import type { Progress } from './terminal/progress.ts'

/** What a command has of the world. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute host path that relative ones start from. */
  readonly workingDirectory: string
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  readonly out: Output
  readonly err: Output
  /** Whether programs read the output: `--json`. Settled when a command runs. */
  readonly json: boolean
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** A progress line; `noun` is what is counted, in the singular, `file` if not said. */
  readonly progress: (label: string, noun?: string) => Progress
  /** How paths are written by people; the session of a command sets it, messages use it. */
  readonly naming: { shown: (path: string) => string }
}

/** The process as the command line meets it. */
export interface CliProcess {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly signal: AbortSignal
}

/** Adds arguments, options, examples and the action to a command that has its name and summary. */
export type BuildCommand = (command: Command, cli: Cli) => void
