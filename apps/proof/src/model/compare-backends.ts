import { type Backend, isNexusError, parsePath, type Path } from '@nexus/core'

/** Everything a reader can see of a backend, in a form that two of them can be compared by: no ids, no times. */
export async function observe(backend: Backend): Promise<readonly string[]> {
  const seen: string[] = []
  for await (const { path, kind } of backend.list(parsePath('/'), { recursive: true })) seen.push(kind === 'file' ? await observeFile(backend, path) : `${path}/`)
  return seen
}

/** What a call gives: a value worth comparing, or the code with which it fails. */
export async function outcome(call: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify((await call()) ?? null)
  } catch (error) {
    if (isNexusError(error)) return error.code
    throw error
  }
}

async function observeFile(backend: Backend, path: Path): Promise<string> {
  const content = await backend.read(path)
  const { sizeBytes, metadata, contentType } = content.stat
  return JSON.stringify({ path, sizeBytes, metadata, contentType, text: await content.text() })
}
