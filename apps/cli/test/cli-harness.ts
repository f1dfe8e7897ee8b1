import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** What a command line did. */
export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** How a command line is run. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** A directory of this machine with a state directory of its own. */
export interface Scratch extends AsyncDisposable {
  readonly directory: string
  /** Runs `nexus-fs` from source in the directory. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** The same, still running; `stdin` and `stdout` are pipes. */
  start(args: readonly string[], options?: RunOptions): ChildProcess
}

const bin = fileURLToPath(new URL('../src/bin.ts', import.meta.url))

/** An empty directory below the system's temporary one, deleted in the end. */
export async function openScratch(): Promise<Scratch> {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-cli-'))
  const start = (args: readonly string[], { env = {} }: RunOptions = {}): ChildProcess =>
    spawn(process.execPath, ['--conditions=nexus-source', bin, ...args], { cwd: directory, env: { ...cleanEnvironment(directory), ...env } })
  return {
    directory,
    start,
    run: (args, options = {}) => finished(start(args, options), options.stdin),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Nothing of who runs the tests: no colours, no server, no mounts. */
function cleanEnvironment(directory: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: join(directory, 'home'), NEXUS_FS_STATE_DIR: join(directory, 'state'), NEXUS_HOME: join(directory, 'nexus-home'), TZ: 'UTC' }
}

/** Waits for the end of a child and gives all that it printed. */
export async function finished(child: ChildProcess, stdin?: string | Uint8Array): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  // A command that fails early does not read what it is given.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(stdin)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, exitSignal) => resolve([exitCode, exitSignal]))
  })
  return { code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

/** The lines of a listing as `--json` prints it. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)
}
