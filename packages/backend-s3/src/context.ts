import type { S3Client } from '@aws-sdk/client-s3'
import type { OpenContext, Policy } from '@nexus/core/contract'
import type { S3Config } from './config.ts'
import type { ProofMemo } from './prove.ts'

/** The SDK, loaded when a store is opened and not before. */
export type S3Sdk = typeof import('@aws-sdk/client-s3')

/** Sizes and times that tests make smaller. */
export interface S3Limits {
  /** Parts of an upload, in bytes, all but the last; S3 takes 5 MiB and more. Doubled every thousand parts, up to 64 MiB. */
  readonly partBytes: number
  /** Longest object that is copied in one request, in bytes; longer ones go in parts of this size, several at once, so that each is answered in a minute or so. S3: 5 GiB. */
  readonly copyBytes: number
  /** Parts under way at once. */
  readonly partsAtOnce: number
  /** How long an answer may take to begin, in milliseconds; with a second more for each 64 KiB that are sent. */
  readonly timeoutMs: number
  /** How long the reader of a body waits for 1 KiB of it, in milliseconds. */
  readonly idleTimeoutMs: number
}

/** What S3 allows, and what keeps memory below 64 MiB. */
export const defaultLimits: S3Limits = { partBytes: 8 * 1024 ** 2, copyBytes: 512 * 1024 ** 2, partsAtOnce: 4, timeoutMs: 60_000, idleTimeoutMs: 20_000 }

/** Attempts in all: of a request that is a call of the store, and of one of several within a call, which nobody above can repeat. */
export interface S3Attempts {
  readonly calls: number
  readonly steps: number
}

/** Where nobody above repeats anything. */
export const defaultAttempts: S3Attempts = { calls: 3, steps: 3 }

/** What every verb works with. */
export interface S3Context {
  readonly sdk: S3Sdk
  readonly client: S3Client
  readonly config: S3Config
  readonly limits: S3Limits
  /** `s3://bucket` */
  readonly name: string
  /** Who asks, as a store's `reader`. */
  readonly reader: string
  readonly isAws: boolean
  readonly region: string
  /** Proofs of conditions, each made once. */
  readonly proofs: ProofMemo
  /** When the service answered, by the answer's `Date`. */
  readonly answeredAt: (output: object) => Date
  readonly policy: Policy
  readonly attempts: S3Attempts
  /** Milliseconds since the epoch. */
  readonly now: OpenContext['now']
  readonly startTimer: OpenContext['startTimer']
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>
  /** What was learnt from answers. */
  readonly learnt: { bucketExists: boolean; refusesChecksums: boolean }
}

/** `Bucket` and `Key` of a request. */
export const at = ({ config }: S3Context, key: string): { Bucket: string; Key: string } => ({ Bucket: config.bucket, Key: key })
