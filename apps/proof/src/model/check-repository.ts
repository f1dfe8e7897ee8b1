import { fsck, parsePath, type RepositoryBackend } from '@nexus/core'

const probe = parsePath('/probe')

/**
 * Whether a repository can be written to and read from, and what `fsck` says of it.
 * @param options.mayLackContents A power cut took contents that were never synced, as `os` allows; `fsck` lists those.
 * @returns What is wrong; nothing when all is well.
 */
export async function checkRepository(backend: RepositoryBackend, { mayLackContents = false }: { readonly mayLackContents?: boolean } = {}): Promise<string[]> {
  const text = `probe ${process.hrtime.bigint()}`
  await backend.write(probe, new TextEncoder().encode(text))
  const found = await (await backend.read(probe)).text()
  const { problems } = await fsck(backend.repository)
  const allowed = mayLackContents ? ['content', 'recovered'] : []
  const findings = problems.filter(({ kind }) => !allowed.includes(kind)).map((problem) => `fsck: ${JSON.stringify(problem)}`)
  return found === text ? findings : [...findings, `/probe holds "${found}" after "${text}" was written`]
}
