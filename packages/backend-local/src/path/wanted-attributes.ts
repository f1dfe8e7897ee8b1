import { type Metadata, NexusError, type OpenContext } from '@nexus/core/contract'
import type { Attributes } from './attributes.ts'

/** What a file shall have besides its content. */
export interface WantedAttributes {
  /** Permission bits; `undefined` leaves what new files have. */
  readonly mode?: number | undefined
  /** `undefined` when there is nothing to keep. */
  readonly attributes?: Attributes | undefined
}

/**
 * Separates what the filesystem keeps (`mode`) from what stands in `.nexus-attributes/`.
 * @throws NexusError `invalid_argument` for a `mode` that is none, and for `symlink`, which only listings give
 */
export function toWantedAttributes(random: OpenContext['random'], { contentType, metadata = {} }: { readonly contentType?: string | undefined; readonly metadata?: Metadata | undefined }): WantedAttributes {
  if (metadata['symlink'] !== undefined) refuse('"symlink" tells where a link points and cannot be written; Nexus makes no links.')
  const { mode, ...custom } = metadata
  const kept = contentType !== undefined || Object.keys(custom).length > 0
  return {
    mode: mode === undefined ? undefined : parseMode(mode),
    attributes: kept ? { ...(contentType === undefined ? {} : { contentType }), metadata: custom, revision: newRevision(random) } : undefined,
  }
}

function parseMode(mode: string): number {
  if (!/^0?[0-7]{3}$/.test(mode)) refuse(`"mode" is three octal digits such as "755", not "${mode}".`)
  return Number.parseInt(mode, 8)
}

function newRevision(random: OpenContext['random']): string {
  return Buffer.from(random(new Uint8Array(6))).toString('hex')
}

function refuse(reason: string): never {
  throw new NexusError('invalid_argument', { reason })
}
