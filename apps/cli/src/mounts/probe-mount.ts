import { statSync } from 'node:fs'
import { type MountInfo, NexusError, parseUri, type RememberedMount, rememberedSource } from '@nexus/core'
import { isNexusError } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { mount } from '../with-local.ts'

/** What opening one mount told. */
export interface ProbedMount {
  readonly remembered: RememberedMount
  /** Absent when it could not be opened or looked at. */
  readonly info?: MountInfo | undefined
  readonly error?: NexusError | undefined
  /** Opening and looking, in milliseconds. */
  readonly tookMs: number
  /** Of the one question that was asked of the open mount, in milliseconds. */
  readonly latencyMs?: number | undefined
}

/** Longer than this nobody waits for a mount, in milliseconds. */
const defaultTimeoutMs = 15_000

/** Opens a mount alone and looks at its root; a failure of it, also to answer in time, is part of the answer. */
export async function probeMount(cli: Cli, remembered: RememberedMount, timeoutMs: number = defaultTimeoutMs): Promise<ProbedMount> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new NexusError('timeout', { reason: `There was no answer within ${timeoutMs / 1000} s.` })), timeoutMs)
  const signal = AbortSignal.any([cli.signal, late.signal])
  const startedAt = performance.now()
  const took = (): number => performance.now() - startedAt
  try {
    await using fs = await mount(rememberedSource(remembered), { ephemeral: true, signal })
    const askedAt = performance.now()
    await fs.stat(remembered.mountPoint, { signal, fresh: true })
    return { remembered, info: await fs.getMountInfo(remembered.mountPoint), latencyMs: performance.now() - askedAt, tookMs: took() }
  } catch (error) {
    if (!isNexusError(error)) throw error
    return { remembered, error, tookMs: took() }
  } finally {
    clearTimeout(timer)
  }
}

/** The directory of a local mount on this machine; `undefined` for other schemes. */
export function localDirectory({ uri }: RememberedMount): string | undefined {
  const { scheme, authority } = parseUri(uri)
  return scheme === 'local' ? authority : undefined
}

/** Whether a local mount's directory does not exist any more. */
export function isGone(remembered: RememberedMount): boolean {
  const directory = localDirectory(remembered)
  return directory !== undefined && statSync(directory, { throwIfNoEntry: false }) === undefined
}
