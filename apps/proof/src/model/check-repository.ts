import { parsePath, type RepositoryBackend } from '@nexus/core'

const probe = parsePath('/probe')

/** Whether a repository can be written to and read from. @returns What is wrong with it; nothing when all is well. */
export async function checkRepository(backend: RepositoryBackend): Promise<string[]> {
  const text = `probe ${process.hrtime.bigint()}`
  await backend.write(probe, new TextEncoder().encode(text))
  const found = await (await backend.read(probe)).text()
  return found === text ? [] : [`/probe holds "${found}" after "${text}" was written`]
}
