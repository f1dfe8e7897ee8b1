import { join } from 'node:path'
import type { CallOptions } from '@nexus/core/contract'
import type { ContentContext } from './contents.ts'
import { toNexusError } from './errors.ts'
import { systemCode } from './files.ts'
import { isKey } from './keys.ts'

/** One object of a listing. */
export interface ListedContent {
  readonly key: string
  readonly sizeBytes: number
  readonly modifiedAt: Date
}

const roots = ['cas', 'packs', 'checkpoints', 'pins', 'quarantine']
const filesBetweenPauses = 256

/** Every object whose key begins with the prefix, in no order; what vanishes meanwhile is left out. */
export async function* listContents(context: ContentContext, prefix: string, options: CallOptions = {}): AsyncGenerator<ListedContent> {
  const { layout, environment: { files } } = context
  const pending = roots.filter((name) => reaches(`${name}/`, prefix))
  let seen = 0
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const name of names(context, at)) {
      options.signal?.throwIfAborted()
      if (++seen % filesBetweenPauses === 0) await new Promise((resolve) => setImmediate(resolve))
      const key = `${at}/${name}`
      if (/^cas\/[0-9a-f]{2}$/.test(key) && reaches(`${key}/`, prefix)) pending.push(key)
      if (!isKey(key) || !key.startsWith(prefix)) continue
      const found = statOrNothing(files, join(layout.root, key))
      if (found?.isFile() === true) yield { key, sizeBytes: found.size, modifiedAt: found.mtime }
    }
  }
}

/** Whether a directory may hold keys with that prefix. */
function reaches(directory: string, prefix: string): boolean {
  return directory.startsWith(prefix) || prefix.startsWith(directory)
}

function names({ layout, environment: { files } }: ContentContext, directory: string): string[] {
  try {
    return files.readdir(join(layout.root, directory))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw toNexusError(error, 'list', directory)
  }
}

function statOrNothing(files: ContentContext['environment']['files'], path: string): ReturnType<typeof files.lstat> | undefined {
  try {
    return files.lstat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw toNexusError(error, 'list', path)
  }
}
