import { type ByteRange, type FileContent, isNexusError, NexusError, type Path, type ReadOptions } from '@nexus/core/contract'
import type { GetOptions, ObjectBody } from '../object-store.ts'
import { checkVariants } from './capabilities.ts'
import type { TreeContext } from './context.ts'
import { isMarker, toKey } from './keys.ts'
import { findFile, refuseAbsentFile } from './look-up.ts'
import { openContent } from './open-content.ts'

/** A suffix needs the size first; a file that changes each time in between is given up. */
const maxAttempts = 3

/** Opens one body: one request, two for a suffix. */
export async function read(context: TreeContext, path: Path, options: ReadOptions): Promise<FileContent> {
  checkRange(options.range)
  checkVariants(context.capabilities, options)
  const key = toKey(path)
  if (key === '') return refuseAbsentFile(context.store, path, options)
  const { range, ifMatch, version, signal } = options
  const given = { ifMatch, version, signal }
  const body = range !== undefined && 'suffix' in range ? await getSuffix(context, path, { ...given, suffix: range.suffix }) : await context.store.get(key, { ...given, range: toRange(range) })
  if (body === undefined || isMarker(body.info)) {
    await body?.stream.cancel()
    if (version !== undefined) throw new NexusError('not_found')
    return refuseAbsentFile(context.store, path, options)
  }
  return openContent(context, { path, body, signal })
}

async function getSuffix({ store }: TreeContext, path: Path, { suffix, ...given }: Omit<GetOptions, 'range'> & { readonly suffix: number }): Promise<ObjectBody | undefined> {
  for (let attempt = 1; ; attempt++) {
    const info = await findFile(store, path, given)
    if (info === undefined) return undefined
    const length = Math.min(suffix, info.sizeBytes)
    const range = { offset: info.sizeBytes - length, length }
    try {
      return await store.get(info.key, { ...given, range, ifMatch: given.ifMatch ?? info.etag })
    } catch (error) {
      if (given.ifMatch !== undefined || !isNexusError(error, 'precondition_failed')) throw error
      if (attempt === maxAttempts) throw new NexusError('busy', { cause: error, reason: 'The file changed each time between asking its size and its end; read it again.' })
    }
  }
}

function toRange(range: Exclude<ByteRange, { suffix: number }> | undefined): GetOptions['range'] {
  return range && { offset: range.offset, length: range.length ?? Number.MAX_SAFE_INTEGER - range.offset }
}

/** Refuses what is no range before any request. */
function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return
  const numbers = 'suffix' in range ? [range.suffix] : [range.offset, range.length ?? 0]
  if (numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return
  throw new NexusError('invalid_argument', { reason: 'A range counts bytes: offset, length and suffix are whole numbers from 0 on.' })
}
