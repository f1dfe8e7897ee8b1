import { homedir } from 'node:os'
import process from 'node:process'
import { type GateFor, processGates } from '../resilience/gates.ts'

/** What mounting reads of the process around it; comes in as an argument, so that tests need no patching. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** The user's home, absolute. */
  readonly homeDirectory: string
  /** Where relative host paths start, absolute. */
  readonly workingDirectory: string
  /** The script that the process was started with; `undefined` in a REPL and under `--eval`. */
  readonly entryScript: string | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Fills and returns the array with random bytes. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>
  readonly fetch: typeof globalThis.fetch
  /** Pauses that a service asked for, shared by all mounts. */
  readonly gateFor: GateFor
  /** Tells a person what is worth knowing and is no failure. */
  readonly warn: (message: string) => void
}

/** The environment of this process, as it is now. */
export function processEnvironment(): Environment {
  return {
    env: process.env,
    platform: process.platform,
    homeDirectory: homedir(),
    workingDirectory: process.cwd(),
    entryScript: process.argv[1],
    now: Date.now,
    random: (bytes) => crypto.getRandomValues(bytes),
    fetch: (...input) => globalThis.fetch(...input),
    gateFor: processGates(),
    warn: (message) => process.emitWarning(message, 'NexusWarning'),
  }
}
