import { parseUri } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { gcsFromUri, parseGcsConfig } from '../src/config.ts'

describe('parseGcsConfig', () => {
  it('reads a URI', () => {
    expect(parseGcsConfig(gcsFromUri(parseUri('gcs://project/bucket/a/b?anonymous=true&storageClass=nearline&endpoint=http://localhost:4443/')))).toEqual({
      projectId: 'project',
      bucket: 'bucket',
      prefix: 'a/b/',
      credentialsPath: undefined,
      endpoint: 'http://localhost:4443',
      anonymous: true,
      storageClass: 'NEARLINE',
    })
  })

  it('needs a bucket and nothing else', () => {
    expect(parseGcsConfig({ bucket: 'my-bucket' })).toMatchObject({ prefix: '', endpoint: 'https://storage.googleapis.com', anonymous: false })
  })

  it.each([
    [undefined, 'object'],
    [[], 'object'],
    [{}, '"bucket"'],
    [{ bucket: 'Big' }, '"bucket"'],
    [{ bucket: 'a/b' }, '"bucket"'],
    [{ bucket: 'bucket', region: 'x' }, '"region"'],
    [{ bucket: 'bucket', prefix: 7 }, '"prefix"'],
    [{ bucket: 'bucket', projectId: '' }, '"projectId"'],
    [{ bucket: 'bucket', anonymous: 'yes' }, '"anonymous"'],
    [{ bucket: 'bucket', anonymous: true, credentialsPath: '/key.json' }, '"credentialsPath"'],
    [{ bucket: 'bucket', endpoint: 'ftp://host' }, '"endpoint"'],
    [{ bucket: 'bucket', endpoint: 'https://user:word@host' }, '"endpoint"'],
    [{ bucket: 'bucket', storageClass: 'FROZEN' }, '"storageClass"'],
  ])('refuses %j', (input, named) => {
    expect(() => parseGcsConfig(input)).toThrow(expect.objectContaining({ code: 'invalid_config', reason: expect.stringContaining(named) as unknown }))
  })
})
