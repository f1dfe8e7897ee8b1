import { expect, it } from 'vitest'
import { parseS3Config } from './config.ts'
import { sourceOf } from './copy-object.ts'

it.each([
  ['my-bucket', 'my-bucket/a%20b/c'],
  ['arn:aws:s3:eu-west-1:1:accesspoint/point', 'arn:aws:s3:eu-west-1:1:accesspoint/point/object/a%20b/c'],
])('a copy names its source in %s as S3 wants it', (bucket, source) => {
  expect(sourceOf(parseS3Config({ bucket }), { key: 'a b/c' })).toBe(source)
})
