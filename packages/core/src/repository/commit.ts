import type { Metadata } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'

/** A content that a commit adds: inline in its record, under a key, or as a list of pieces (docs/repository-format.md, "Contents"). */
export interface CommitContent {
  /** 64 hex digits. Of the bytes; of the piece digests' bytes for a part. */
  readonly digest: string
  readonly size: number
  /** Offset in the record's inline contents. */
  readonly at?: number
  /** Key of the object that holds the bytes. */
  readonly key?: string
  /** Digest of the list of its 1 MiB pieces' digests, itself a content. */
  readonly pieces?: string
  /** 8 MiB of a larger content: its digest is that of its piece digests. */
  readonly part?: true
}

/** A name in a directory; directories are named by their node. */
export interface Place {
  readonly directory: number
  readonly name: string
}

/** What a commit does, in order. Node and directory ids are minted in the commit, so that a rebuild gives the same ones. */
export type Operation =
  | ({ readonly op: 'write'; readonly node: number; readonly replaces?: number; readonly digest: string; readonly size: number; readonly type?: string; readonly metadata?: Metadata } & Place)
  | ({ readonly op: 'mkdir'; readonly node: number } & Place)
  | ({ readonly op: 'rename'; readonly node: number; readonly kind: 'file' | 'directory'; readonly to: Place } & Place)
  | ({ readonly op: 'copy'; readonly source: number; readonly node: number } & Place)
  | ({ readonly op: 'delete'; readonly node: number; readonly kind: 'file' | 'directory' } & Place)
  | { readonly op: 'forget'; readonly node: number; readonly versions: readonly number[] }
  | ({ readonly op: 'forget-entry'; readonly node: number; readonly born: number; readonly kind: 'file' | 'directory' } & Place)
  | { readonly op: 'drop'; readonly digest: string; readonly key?: string }
  | { readonly op: 'relocate'; readonly digest: string; readonly key: string; readonly offset: number }
  | { readonly op: 'quarantine'; readonly digest: string }
  | { readonly op: 'durable'; readonly digests: readonly string[] }
  | { readonly op: 'snapshot'; readonly node: number; readonly name: string }
  | { readonly op: 'unsnapshot'; readonly node: number; readonly name: string }

/** The JSON header of a record. */
export interface CommitHeader {
  /** 32 random hex digits: tells a writer whether the commit it finds is its own. */
  readonly id: string
  readonly sequence: number
  /** Digest of the predecessor's header; empty for the first. */
  readonly previous: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly author: string
  readonly contents?: readonly CommitContent[]
  readonly operations: readonly Operation[]
}

/** The node of the root directory. */
export const rootNode = 1

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The bytes of a header as they stand in a record. */
export function encodeHeader(header: CommitHeader): Uint8Array {
  return encoder.encode(JSON.stringify(header))
}

/** @throws NexusError `corrupt` when the bytes, though their CRC is right, are no header. */
export function parseHeader(bytes: Uint8Array): CommitHeader {
  const header = JSON.parse(decoder.decode(bytes)) as Partial<CommitHeader>
  if (typeof header.sequence !== 'number' || !Array.isArray(header.operations)) {
    throw new NexusError('corrupt', { reason: 'A commit in the journal has a header of another shape; was it written by a newer version?' })
  }
  return header as CommitHeader
}
