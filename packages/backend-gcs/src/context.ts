import type { OpenContext, Policy, Sleep } from '@nexus/core/contract'
import type { GcsConfig } from './config.ts'
import type { Crc32c } from './crc32c.ts'
import type { TokenSource } from './token-source.ts'

/** Attempts in all: of a request that is a call of the store, and of one of several within a call, which nobody above can repeat. */
export interface GcsAttempts {
  readonly calls: number
  readonly steps: number
}

/** An open bucket, as the verbs see it. */
export interface GcsContext {
  readonly config: GcsConfig
  readonly fetch: OpenContext['fetch']
  /** Milliseconds since the epoch. */
  readonly now: OpenContext['now']
  readonly random: OpenContext['random']
  readonly sleep: Sleep
  readonly startTimer: OpenContext['startTimer']
  readonly policy: Policy
  readonly attempts: GcsAttempts
  /** Absent for anonymous access. */
  readonly tokens: TokenSource | undefined
  readonly crc32c: Crc32c
  readonly keepsVersions: boolean
}

/** Whose request it is: for errors. */
export interface Place {
  readonly op: string
  readonly key: string
}
