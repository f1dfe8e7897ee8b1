import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractCases, describeBackend } from '@nexus/conformance'
import { type Backend, type Kernel, mount, parsePath } from '@nexus/core'
import { afterAll, beforeAll, describe } from 'vitest'
import { type BucketService, bucketUri } from '../src/buckets/bucket-service.ts'
import { rootedAt } from './kernel-rooted-at.ts'

/** A service that a file's suites share. */
export interface ServiceSuite {
  readonly name: string
  readonly start: () => Promise<BucketService>
  /** Why the service cannot run here. */
  readonly missing?: string | undefined
  /** It is slow: of each suite one case in sixteen runs, others with another `NEXUS_SEED`, unless `NEXUS_PROOF` is `whole`. */
  readonly sampled?: boolean | undefined
  /** Sentences that it does not keep, for each layout. */
  readonly knownGaps?: { readonly path?: Readonly<Record<string, string>>; readonly cas?: Readonly<Record<string, string>> }
}

const longPaths = { 'A path may hold 4,096 bytes.': 'a key has at most 1,024 bytes' }

/** The whole contract, over mounts as users open them: both layouts, each with and without a prefix, all of them in one running service. */
export function describeMounts({ name, start, missing, sampled = false, knownGaps = {} }: ServiceSuite): void {
  describe.skipIf(missing !== undefined)(`mounts in ${name}${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    let service: BucketService
    let leave: () => void
    beforeAll(async () => {
      service = await start()
      leave = enterEnvironment(service.env)
    })
    afterAll(async () => {
      leave()
      await service.close()
    })
    const left = sampled && process.env['NEXUS_PROOF'] !== 'whole' ? leftOut() : {}
    const gaps = { path: { ...left, ...longPaths, ...knownGaps.path }, cas: { ...left, ...knownGaps.cas } }
    for (const layout of ['path', 'cas'] as const) {
      const suite = { reopen: ({ uri }: OpenedMount) => openMount(uri).then(({ backend }) => backend), knownGaps: gaps[layout] }
      describeBackend(`layout ${layout}, a bucket`, { ...suite, open: async () => openMount(bucketUri(service, { bucket: await service.createBucket({ keepsVersions: true }), layout })) })
      let bucket: Promise<string> | undefined
      let count = 0
      const openPrefix = async (): Promise<OpenedMount> => {
        const prefix = `some/prefix-${(count += 1)}`
        return openMount(bucketUri(service, { bucket: await (bucket ??= service.createBucket()), prefix, layout }))
      }
      describeBackend(`layout ${layout}, below a prefix`, { ...suite, open: openPrefix })
    }
  })
}

const oneIn = 16

function leftOut(): Readonly<Record<string, string>> {
  const turn = Number(process.env['NEXUS_SEED'] ?? 0) % oneIn
  const names = contractCases.filter((_, index) => index % oneIn !== turn).map(({ name }) => name)
  return Object.fromEntries(names.map((name) => [name, 'a sample runs; the whole with NEXUS_PROOF=whole']))
}

interface OpenedMount {
  readonly backend: Backend
  readonly uri: string
}

async function openMount(uri: string): Promise<OpenedMount> {
  const fs = await mount({ uri, at: '/mount' }, { ephemeral: true, resolveFrom: import.meta.url })
  // What is behind the facade of `mount()` is the kernel, which has every member.
  return { backend: rootedAt(fs.backend as Kernel, parsePath('/mount')), uri }
}

/** Takes the process into the environment of a service, with a state directory of its own. @returns Goes back */
export function enterEnvironment(env: Readonly<Record<string, string>>): () => void {
  const before = { ...process.env }
  const root = mkdtempSync(join(tmpdir(), 'nexus-buckets-'))
  Object.assign(process.env, env, { NEXUS_FS_STATE_DIR: join(root, 'state'), NEXUS_HOME: join(root, 'home') })
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, before)
    rmSync(root, { recursive: true, force: true })
  }
}
