import { isOneFileFailure } from '@nexus/core'
import type { CopyCounts } from './copy-counts.ts'

const maxTold = 20

/** Writes down the failure of one file, so that the others are copied; throws what concerns all of them. */
export function surviveFailure(counts: Pick<CopyCounts, 'failures' | 'told'>, error: unknown): void {
  if (!isOneFileFailure(error)) throw error
  counts.failures++
  if (counts.told.length < maxTold) counts.told.push(error)
}
