import { isNexusError, parseUri } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { parseS3Config, s3FromUri } from './config.ts'

function reasonFor(input: unknown): string {
  try {
    parseS3Config(input)
  } catch (error) {
    if (isNexusError(error, 'invalid_config')) return error.reason
    throw error
  }
  throw new Error('It was accepted.')
}

describe('parseS3Config', () => {
  it('reads a URI', () => {
    const uri = 's3://my-bucket/data/2026?endpoint=http%3A%2F%2F127.0.0.1%3A9000%2F&region=eu-west-1&kmsKeyId=k&storageClass=STANDARD_IA'
    expect(parseS3Config(s3FromUri(parseUri(uri)))).toMatchObject({
      bucket: 'my-bucket', prefix: 'data/2026/', endpoint: 'http://127.0.0.1:9000', forcePathStyle: true, region: 'eu-west-1',
      encryption: 'aws:kms', kmsKeyId: 'k', storageClass: 'STANDARD_IA', anonymous: false,
    })
  })

  it('asks Amazon for the bucket in the host name', () => {
    expect(parseS3Config({ bucket: 'my-bucket' })).toMatchObject({ prefix: '', forcePathStyle: false, endpoint: undefined })
  })

  it.each([
    [undefined, 'not missing'],
    [{}, '"bucket" is a name'],
    [{ bucket: 'a/b' }, '"a/b" is no name of a bucket'],
    [{ bucket: 'bucket', regoin: 'x' }, 'did you mean "region"?'],
    [{ bucket: 'bucket', endpoint: 'localhost:9000' }, '"endpoint" is a base URL'],
    [{ bucket: 'bucket', endpoint: 'http://me:secret@host' }, '"endpoint" holds a name or password'],
    [{ bucket: 'bucket', accessKeyId: 'x' }, 'go together'],
    [{ bucket: 'bucket', anonymous: true, profile: 'p' }, '"profile" names some'],
    [{ bucket: 'bucket', anonymous: 'yes' }, '"anonymous" is true or false'],
    [{ bucket: 'bucket', encryption: 'AES' }, '"encryption" is "AES256" or "aws:kms"'],
    [{ bucket: 'bucket', encryption: 'AES256', kmsKeyId: 'k' }, '"kmsKeyId" is for'],
    [{ bucket: 'bucket', storageClass: 'cold' }, '"storageClass" is written as S3 names it'],
    [{ bucket: 'bucket', region: '' }, '"region" is empty'],
  ])('refuses %j', (input, reason) => {
    expect(reasonFor(input)).toContain(reason)
  })
})
