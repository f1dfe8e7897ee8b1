import { type Backend, isNexusError, parsePath } from '@nexus/core'
import { fileBytes, fileKey, type FileModel } from './body.ts'
import type { Tree } from './tree.ts'

/** Bytes of every file below a directory, by relative path; an unreadable file is its error. */
export type Found = ReadonlyMap<string, Uint8Array | Error>

/** Reads everything below a directory; one that is absent holds nothing. */
export async function readTree(backend: Backend, directory: string): Promise<Found> {
  const found = new Map<string, Uint8Array | Error>()
  try {
    for await (const { path, kind } of backend.list(parsePath(directory), { recursive: true })) {
      if (kind === 'file') found.set(path.slice(directory.length + 1), await readFile(backend, path))
    }
  } catch (error) {
    if (!isNexusError(error, 'not_found')) throw error
  }
  return found
}

/** How a directory differs from a model; nothing when it does not. */
export function differences(found: Found, tree: Tree): string[] {
  const problems: string[] = []
  for (const path of found.keys()) if (!tree.has(path)) problems.push(`${path} is there and must not be`)
  for (const [path, file] of tree) {
    const bytes = found.get(path)
    if (bytes === undefined) problems.push(`${path} is missing`)
    else if (bytes instanceof Error) problems.push(`${path} cannot be read: ${bytes.message}`)
    else if (!holds(bytes, file)) problems.push(`${path} holds ${bytes.length} bytes that are not those of ${fileKey(file)}`)
  }
  return problems
}

/** Whether bytes are exactly those of a file. */
export function holds(bytes: Uint8Array, file: FileModel): boolean {
  const sizeBytes = file.reduce((sum, chunk) => sum + chunk.sizeBytes, 0)
  return bytes.length === sizeBytes && Buffer.compare(bytes, fileBytes(file)) === 0
}

async function readFile(backend: Backend, path: string): Promise<Uint8Array | Error> {
  try {
    return await (await backend.read(parsePath(path))).bytes()
  } catch (error) {
    if (isNexusError(error)) return error
    throw error
  }
}
