import { NexusError } from '../contract/errors.ts'

/** Where a value stands in a configuration: keys of objects and indexes of lists, from the top. */
export type ConfigKeys = readonly (string | number)[]

/** What is wrong, and where in a configuration; who read it adds file and line, or {@link checkedFor} says it. */
export class ConfigProblem extends Error {
  readonly keys: ConfigKeys

  constructor(keys: ConfigKeys, reason: string) {
    super(reason)
    this.keys = keys
  }
}

/** The problem as an error of a call: `invalid_config`, with the key in the reason. */
function toInvalidConfig(problem: ConfigProblem, op: string): NexusError {
  return new NexusError('invalid_config', { op, reason: problem.message, cause: problem })
}

/** Runs a parser and tells its {@link ConfigProblem} as `invalid_config` of `op`. */
export function checkedFor<T>(op: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof ConfigProblem ? toInvalidConfig(error, op) : error
  }
}
