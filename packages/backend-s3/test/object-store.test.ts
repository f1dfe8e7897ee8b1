import { describeObjectStore, type S3Double, startS3Double } from '@nexus/doubles'
import { withPrefix } from '@nexus/object-storage'
import { afterAll, beforeAll, describe } from 'vitest'
import { openS3Store, parseS3Config } from '../src/index.ts'
import { configFor, testContext } from './store-kit.ts'

let double: S3Double
let count = 0

beforeAll(async () => {
  double = await startS3Double()
})
afterAll(() => double.close())

async function openFresh(options: { readonly versioned: boolean; readonly config?: Readonly<Record<string, unknown>> }): ReturnType<typeof openS3Store> {
  const bucket = double.bucket()
  bucket.objects.clear()
  bucket.uploads.clear()
  bucket.versioning = options.versioned ? 'Enabled' : 'off'
  return openS3Store(parseS3Config(configFor(double, options.config)), testContext())
}

describe('over the strict double', () => {
  describeObjectStore('a bucket of S3', { open: () => openFresh({ versioned: false }) })
  describeObjectStore('a bucket that keeps versions', { open: () => openFresh({ versioned: true }) })
  describeObjectStore('below a prefix, with conditions proved', {
    open: async () => withPrefix(await openFresh({ versioned: false, config: { conditions: 'auto', prefix: `p${(count += 1)}` } }), `p${count}/`),
  })
})
