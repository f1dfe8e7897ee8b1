import { openMemory } from '@nexus/backend-memory'
import { type Backend, createKernel, type ErrorCode, isNexusError, type Kernel, type MountEntry, parsePath, type Path } from '@nexus/core'
import { expect } from 'vitest'

/** A checked path, spelt short. */
export const at = (path: string): Path => parsePath(path)

/** UTF-8 bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A kernel with memory (or what is given) at each mount point. */
export async function kernelWith(mounts: Readonly<Record<string, Partial<MountEntry> | undefined>>): Promise<Kernel> {
  const kernel = createKernel({ version: '1.2.3' })
  for (const [mountPoint, entry] of Object.entries(mounts)) {
    const backend = entry?.backend ?? openMemory()
    await kernel.mount({ mountPoint: at(mountPoint), backend, backendType: backend.scheme, uri: `memory:/${mountPoint}`, ...entry })
  }
  return kernel
}

/** Paths that a listing gives, directories with `/`. */
export async function names(entries: AsyncIterable<{ readonly path: string; readonly kind?: string | undefined }>): Promise<string[]> {
  const found: string[] = []
  for await (const { path, kind } of entries) found.push(kind === 'directory' ? `${path}/` : path)
  return found
}

/** Expects a NexusError of `code` and gives its message. */
export async function fails(promise: Promise<unknown>, code: ErrorCode): Promise<string> {
  const error: unknown = await promise.then(
    () => 'the call succeeded',
    (reason: unknown) => reason,
  )
  expect(isNexusError(error) ? error.code : error).toBe(code)
  return String(error)
}

/** The text of a file. */
export async function textOf(backend: Backend, path: string): Promise<string> {
  return (await backend.read(at(path))).text()
}

/** Whether a promise is still open after everything that can happen without waiting has happened. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = (): void => void (settled = true)
  promise.then(settle, settle)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  return !settled
}
