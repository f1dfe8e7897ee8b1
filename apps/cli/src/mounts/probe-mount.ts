import { statSync } from 'node:fs'
import { type MountInfo, type NexusError, parseUri, type RememberedMount, rememberedSource } from '@nexus/core'
import { isNexusError } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { mount } from '../with-local.ts'

/** What opening one mount told. */
export interface ProbedMount {
  readonly remembered: RememberedMount
  /** Absent when it could not be opened or looked at. */
  readonly info?: MountInfo | undefined
  readonly error?: NexusError | undefined
  readonly tookMs: number
}

/** Opens a mount alone and looks at its root; a failure of it is part of the answer. */
export async function probeMount({ signal }: Cli, remembered: RememberedMount): Promise<ProbedMount> {
  const startedAt = performance.now()
  const took = (): number => performance.now() - startedAt
  try {
    await using fs = await mount(rememberedSource(remembered), { ephemeral: true, signal })
    await fs.stat(remembered.mountPoint, { signal, fresh: true })
    return { remembered, info: await fs.getMountInfo(remembered.mountPoint), tookMs: took() }
  } catch (error) {
    if (!isNexusError(error)) throw error
    return { remembered, error, tookMs: took() }
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
