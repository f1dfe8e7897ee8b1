import type { MountedNexusFS } from '@nexus/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DoubleService, startGcsService, startS3Service } from '../src/buckets/bucket-service.ts'
import { type ServiceFault, serviceFaults } from '../src/buckets/service-faults.ts'
import { codeOf, mountBucket, ownState } from './bucket-faults-kit.ts'

const starts = { s3: startS3Service, gcs: startGcsService }

async function startService(scheme: 's3' | 'gcs'): Promise<DoubleService & AsyncDisposable> {
  const service = await starts[scheme]()
  return { ...service, [Symbol.asyncDispose]: () => service.close() }
}

const body = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31 + (index >> 8) * 7) & 0xff)
/** Two parts. */
const long = Uint8Array.from({ length: 9 * 1024 ** 2 }, (_, index) => (index * 13 + (index >> 9)) & 0xff)

/** One verb: what it does to a file or directory of that name, and whether the storage now agrees with its outcome. */
interface Verb {
  readonly call: (fs: MountedNexusFS, name: string) => Promise<unknown>
  /** Looks with a mount that meets no fault. Only asked when the outcome is known. */
  readonly agrees: (fs: MountedNexusFS, name: string, isDone: boolean) => Promise<boolean>
}

const always = (): Promise<boolean> => Promise.resolve(true)
const holds = async (fs: MountedNexusFS, path: string, bytes: Uint8Array): Promise<boolean> => Buffer.compare(await fs.read(path), bytes) === 0
const standsOnlyIf = (bytes: Uint8Array) => async (fs: MountedNexusFS, name: string, isDone: boolean): Promise<boolean> =>
  isDone ? holds(fs, `/b/new/${name}`, bytes) : !(await fs.exists(`/b/new/${name}`))

function same(found: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(found, expected) !== 0) throw new Error('The bytes that were read are not those that were written.')
}

const verbs: Readonly<Record<string, Verb>> = {
  read: { call: async (fs, name) => same(await fs.read(`/b/old/${name}`), body), agrees: always },
  'read of a range': { call: async (fs, name) => same(await fs.read(`/b/old/${name}`, { range: { offset: 1000, length: 5000 } }), body.subarray(1000, 6000)), agrees: always },
  stat: { call: async (fs, name) => expect((await fs.stat(`/b/old/${name}`, { fresh: true })).sizeBytes).toBe(body.length), agrees: always },
  list: { call: async (fs, name) => expect((await Array.fromAsync(fs.list(`/b/dirs/${name}`, { fresh: true }))).map((entry) => entry.name)).toEqual(['1', '2', '3']), agrees: always },
  write: { call: (fs, name) => fs.write(`/b/new/${name}`, body), agrees: standsOnlyIf(body) },
  'write of a stream': { call: (fs, name) => fs.write(`/b/new/${name}`, new Blob([long]).stream()), agrees: standsOnlyIf(long) },
  delete: { call: (fs, name) => fs.delete(`/b/old/${name}`), agrees: async (fs, name, isDone) => (isDone ? !(await fs.exists(`/b/old/${name}`)) : holds(fs, `/b/old/${name}`, body)) },
  copy: { call: (fs, name) => fs.copy(`/b/old/${name}`, `/b/new/${name}`), agrees: standsOnlyIf(body) },
}

/** Names of what a verb meets: without a fault, with one that strikes once, and with one that stays. */
const nameOf = (verb: string, how: 'clean' | 'once' | 'always'): string => `${verb.replaceAll(' ', '-')}-${how}`
const hows = ['clean', 'once', 'always'] as const

let endState: () => Promise<void>
beforeAll(async () => {
  endState = await ownState()
})
afterAll(() => endState())

describe.each(['s3', 'gcs'] as const)('%s', (scheme) => {
  describe.each(['path', 'cas'] as const)('in the layout %s', (layout) => {
    async function seeded(service: DoubleService): Promise<string> {
      const bucket = await service.createBucket()
      await using fs = await mountBucket(service, { bucket, layout })
      for (const verb of Object.keys(verbs)) {
        for (const how of hows) {
          await fs.write(`/b/old/${nameOf(verb, how)}`, body)
          if (verb === 'list') for (const file of ['1', '2', '3']) await fs.write(`/b/dirs/${nameOf(verb, how)}/${file}`, new Uint8Array(1))
        }
      }
      await fs.write('/b/new/there', new Uint8Array(1))
      return bucket
    }

    // Several at once, each with a service of its own: most of their time they wait for what does not come.
    it.concurrent.each(serviceFaults(scheme, layout).map((fault) => [fault.name, fault] as const))('%s', { timeout: 180_000 }, async (_, fault) => {
      await using service = await startService(scheme)
      const bucket = await seeded(service)
      const { http } = service
      const told: string[] = []
      let struck = 0
      for (const [verb, { call, agrees }] of Object.entries(verbs)) {
        if (isUnseen(fault, { verb, layout })) continue
        await using fs = await mountBucket(service, { bucket, layout, haste: fault.isSlow === true ? 150 : 60 })
        const counted = async (how: (typeof hows)[number]): Promise<{ readonly code: string; readonly requests: number }> => {
          http.requests.clear()
          const code = await codeOf(() => call(fs, nameOf(verb, how)))
          return { code, requests: http.requests.count() }
        }
        const clean = await counted('clean')
        expect([verb, clean.code]).toEqual([verb, 'kept'])
        for (const how of ['once', 'always'] as const) {
          http.faults.add({ action: fault.action, ...(fault.when && { when: fault.when }), times: how === 'once' ? 1 : 10_000 })
          const { code, requests } = await counted(how)
          struck += http.faults.struck
          http.faults.clear()
          await using looking = await mountBucket(service, { bucket, layout })
          const isTrue = code === 'outcome_unknown' || (await agrees(looking, nameOf(verb, how), code === 'kept'))
          if (!isTrue) told.push(`${verb}, struck ${how}: ${code} is not true`)
          if (how === 'once' && fault.isPassing && code !== 'kept') told.push(`${verb}, struck once: ${code}`)
          // To look for the end of a journal takes one request or two. A commit whose answer was lost is asked for until it is known what became of it, for a minute.
          const most = layout === 'cas' && code === 'outcome_unknown' ? 30 : 3 * (layout === 'cas' ? Math.max(2, clean.requests) : clean.requests)
          if (requests > most) told.push(`${verb}, struck ${how}: ${requests} requests in place of ${clean.requests}`)
        }
        // The fault is over.
        await fs.write(`/b/new/after-${nameOf(verb, 'clean')}`, body)
        expect(await holds(fs, `/b/new/after-${nameOf(verb, 'clean')}`, body)).toBe(true)
      }
      expect(told).toEqual([])
      expect(struck).toBeGreaterThan(0)
    })
  })
})

/** Of a part of an object no service tells a checksum; a repository has its own. */
function isUnseen({ isUnseenInRanges }: ServiceFault, { verb, layout }: { readonly verb: string; readonly layout: string }): boolean {
  return isUnseenInRanges === true && layout === 'path' && verb === 'read of a range'
}
