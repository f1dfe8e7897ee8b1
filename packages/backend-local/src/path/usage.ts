import type { CallOptions, Path, Usage } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { list } from './list.ts'
import { stat } from './stat.ts'

/** Counts a tree by walking it; of a file, the file itself. What its blocks take on the disk is not told. */
export async function usage(context: PathContext, path: Path, options: CallOptions = {}): Promise<Usage> {
  const start = stat(context, path)
  if (start.kind === 'file') return { files: 1, directories: 0, logicalBytes: start.sizeBytes ?? 0 }
  let files = 0
  let directories = 0
  let logicalBytes = 0
  for await (const entry of list(context, path, { recursive: true, signal: options.signal })) {
    if (entry.kind === 'directory') directories++
    else files++
    logicalBytes += entry.sizeBytes ?? 0
  }
  return { files, directories, logicalBytes }
}
