import { NexusError } from '../contract/errors.ts'
import type { Descriptor } from './context.ts'
import type { DigestAlgorithm } from './digest.ts'

/** Contents up to this ride inside their commit. */
export const defaultInlineLimitBytes: number = 64 * 1024

/** The descriptor of a repository that is made now. */
export function newDescriptor(options: { readonly id: string; readonly digest: DigestAlgorithm; readonly created: number }): Descriptor {
  return { marker: 'nexus-repository', format: 1, id: options.id, digest: options.digest, inlineLimitBytes: defaultInlineLimitBytes, created: options.created, authority: 'journal' }
}

/** The bytes of `nexus.json`. */
export function encodeDescriptor(descriptor: Descriptor): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(descriptor, undefined, 2)}\n`)
}

/** @throws NexusError `corrupt` when it is damaged, `invalid_config` when a newer Nexus wrote it. */
export function parseDescriptor(bytes: Uint8Array, name: string): Descriptor {
  let value: Partial<Descriptor>
  try {
    value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Descriptor>
  } catch (error) {
    throw new NexusError('corrupt', { path: name, reason: 'nexus.json is damaged; `nexus-fs fsck --repair` writes it again from the journal.', cause: error })
  }
  if (value.format !== 1) {
    throw new NexusError('invalid_config', { path: name, reason: `The repository has format ${String(value.format)}; this version of Nexus reads format 1. Update Nexus.` })
  }
  const known = typeof value.id === 'string' && (value.digest === 'blake3' || value.digest === 'sha256') && Number.isSafeInteger(value.inlineLimitBytes)
  if (!known) throw new NexusError('corrupt', { path: name, reason: 'nexus.json lacks what a repository needs; `nexus-fs fsck --repair` writes it again from the journal.' })
  return value as Descriptor
}
