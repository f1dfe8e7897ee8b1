import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { run } from '../src/run.ts'

/** What a command line did. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How a command line is run. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** A directory of this machine with a state directory of its own, which is the working directory until it is disposed. */
export interface Scratch extends AsyncDisposable {
  readonly directory: string
  /** Runs a command line in this process: as the program does, without the cost of starting one. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** Runs `nexus-fs` from source as a process of its own: for what only a process shows. */
  spawn(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** The same, still running; `stdin` and `stdout` are pipes. */
  start(args: readonly string[], options?: RunOptions): ChildProcess
}

const bin = fileURLToPath(new URL('../src/bin.ts', import.meta.url))

/** An empty directory below the system's temporary one, deleted in the end. */
export async function openScratch(): Promise<Scratch> {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-cli-'))
  const leave = enter(directory)
  const start = (args: readonly string[], { env = {} }: RunOptions = {}): ChildProcess =>
    spawn(process.execPath, ['--conditions=nexus-source', bin, ...args], { cwd: directory, env: { ...cleanEnvironment(directory), ...env } })
  return {
    directory,
    start,
    spawn: (args, options = {}) => finished(start(args, options), options.stdin),
    run: (args, options) => runHere(args, options),
    [Symbol.asyncDispose]: async () => {
      leave()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Nothing of who runs the tests: no colours, no server, no mounts. */
function cleanEnvironment(directory: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: join(directory, 'home'), NEXUS_FS_STATE_DIR: join(directory, 'state'), NEXUS_HOME: join(directory, 'nexus-home'), TZ: 'UTC' }
}

/** Makes this process stand in the directory, with its environment. @returns Goes back */
function enter(directory: string): () => void {
  const [before, workingDirectory] = [{ ...process.env }, process.cwd()]
  process.chdir(directory)
  Object.assign(process.env, cleanEnvironment(directory))
  return () => {
    process.chdir(workingDirectory)
    Object.assign(process.env, before)
  }
}

async function runHere(args: readonly string[], { stdin = '', env = {} }: RunOptions = {}): Promise<Ran> {
  const [input, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  // A command that fails early does not read what it is given.
  input.on('error', () => undefined)
  input.end(stdin)
  const printed = Promise.all([text(stdout), text(stderr)])
  const code = await run(args, { env, workingDirectory: process.cwd(), stdin: input, stdout, stderr, signal: new AbortController().signal })
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, stdout: out, stderr: err }
}

/** Waits for the end of a child and gives all that it printed. */
export async function finished(child: ChildProcess, stdin?: string | Uint8Array): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  // A command that fails early does not read what it is given.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(stdin)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

/** The lines of a listing as `--json` prints it. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)
}
