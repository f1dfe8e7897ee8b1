import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gcsBackend } from '@nexus/backend-gcs'
import { s3Backend } from '@nexus/backend-s3'
import { isNexusError, mount, type MountedNexusFS } from '@nexus/core'
import { type BackendDefinition, createGate, type OpenContext, sleepBy, type StartTimer } from '@nexus/core/contract'
import { type BucketPlace, bucketUri, type DoubleService } from '../src/buckets/bucket-service.ts'

const hastyTimer =
  (haste: number): StartTimer =>
  (ms, late) => {
    const timer = setTimeout(late, ms / haste)
    return () => clearTimeout(timer)
  }

/** A definition whose time goes faster than the world's, and who finds credentials of the double. */
function hasty<C>(definition: BackendDefinition<C>, { env, haste }: { readonly env: OpenContext['env']; readonly haste: number }): BackendDefinition<C> {
  const startTimer = hastyTimer(haste)
  const began = Date.now()
  const now = (): number => began + (Date.now() - began) * haste
  const gate = createGate({ now, sleep: sleepBy(startTimer) })
  const world = (context: OpenContext): OpenContext => ({ ...context, env, now, startTimer, gateFor: () => gate })
  const openStore = definition.openStore?.bind(definition)
  const detectLayout = definition.detectLayout?.bind(definition)
  return {
    ...definition,
    open: (config, context) => definition.open(config, world(context)),
    ...(openStore && { openStore: (config, context) => openStore(config, world(context)) }),
    ...(detectLayout && { detectLayout: (config, context) => detectLayout(config, world(context)) }),
  }
}

/** Mounts a bucket of a double at `/b`, through the whole of Nexus; its time goes so many times faster: at 60 a minute's wait takes a second. */
export async function mountBucket(service: DoubleService, { haste = 60, ...place }: BucketPlace & { readonly haste?: number }): Promise<MountedNexusFS> {
  const world = { env: service.env, haste }
  const backends = { s3: hasty(s3Backend, world), gcs: hasty(gcsBackend, world) }
  return await mount(bucketUri(service, place), { at: '/b', ephemeral: true, backends })
}

/** What a call came to: `kept`, or the code of its failure. Whatever is no failure of ours is thrown. */
export async function codeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'kept'
  } catch (error) {
    if (isNexusError(error)) return error.code
    throw error
  }
}

/** A state directory of its own for all mounts of a test file. */
export async function ownState(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-faults-'))
  const saved = process.env['NEXUS_FS_STATE_DIR']
  process.env['NEXUS_FS_STATE_DIR'] = directory
  return async () => {
    if (saved === undefined) Reflect.deleteProperty(process.env, 'NEXUS_FS_STATE_DIR')
    else process.env['NEXUS_FS_STATE_DIR'] = saved
    await rm(directory, { recursive: true })
  }
}
