import type { Body, ByteRange, Capabilities, Metadata } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { capabilitiesOf, type Place, refuseUnsupported } from './place.ts'

/** The options of all verbs that a store may lack. */
interface Variants {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: '*' | undefined
  readonly range?: ByteRange | undefined
  readonly version?: string | undefined
  readonly snapshot?: string | undefined
  readonly metadata?: Metadata | undefined
}

const variants = {
  ifMatch: ({ ifMatch }) => ifMatch !== false || 'check ifMatch',
  ifNoneMatch: ({ ifNoneMatch }) => ifNoneMatch !== false || 'check ifNoneMatch',
  range: ({ ranges }) => ranges || 'read a range',
  version: ({ versions }) => versions || 'read a version',
  snapshot: ({ snapshots }) => snapshots || 'read a snapshot',
  metadata: ({ metadata }) => metadata || 'keep metadata',
} satisfies Record<keyof Variants, (capabilities: Capabilities) => true | string>

const names = Object.keys(variants) as (keyof Variants)[]

/** @throws NexusError before any I/O: `unsupported` for a variant that the place lacks, `invalid_argument` for a range that is none */
export function checkVariants(place: Place, options: Variants | undefined): void {
  if (options === undefined) return
  for (const name of names) {
    if (options[name] === undefined) continue
    const answer = variants[name](capabilitiesOf(place))
    if (answer !== true) refuseUnsupported(place, answer)
  }
  if (options.range !== undefined) checkRange(place, options.range)
}

function checkRange({ op, path }: Place, range: ByteRange): void {
  const numbers = 'suffix' in range ? [range.suffix] : [range.offset, range.length ?? 0]
  if (numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return
  throw new NexusError('invalid_argument', { op, path, reason: 'A range counts whole bytes from 0: { offset, length? } or { suffix }.' })
}

/** @throws NexusError `read_only`, before any I/O */
export function checkWritable(place: Place): void {
  const { readonly, readonlyReason } = capabilitiesOf(place)
  if (!readonly) return
  throw new NexusError('read_only', {
    op: place.op,
    path: place.path,
    backend: place.mount.backend.scheme,
    reason: readonlyReason ?? `${place.mount.label} is read-only.`,
  })
}

/** @throws NexusError `invalid_argument` when the body's length is known and longer than the place takes */
export function checkSize(place: Place, body: Body, sizeBytes: number | undefined): void {
  const size = body instanceof Uint8Array ? body.length : sizeBytes
  const { maxSizeBytes } = capabilitiesOf(place)
  if (size === undefined || maxSizeBytes === undefined || size <= maxSizeBytes) return
  const reason = `${place.mount.label} takes at most ${maxSizeBytes} bytes in a file; this one has ${size}.`
  throw new NexusError('invalid_argument', { op: place.op, path: place.path, backend: place.mount.backend.scheme, reason })
}
