/** The command line was not understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The reader of standard output went away; nobody is told. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe'
}

/** The command ran and the answer is no: nothing matched, or a check found something. Its output says what. */
export class Findings extends Error {
  override readonly name = 'Findings'
}

/** A person or the system asked to stop. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** 128 and the signal's number, as shells have it. */
  readonly exitCode: 130 | 143

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Stopped by ${signal}.`)
    this.exitCode = signal === 'SIGINT' ? 130 : 143
  }
}
