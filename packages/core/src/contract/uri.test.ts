import { describe, expect, it } from 'vitest'
import { parseUri } from './uri.ts'

describe('parseUri', () => {
  it.each([
    ['s3://bucket', { authority: 'bucket', path: '', mountPoint: '/s3/bucket' }],
    ['s3://bucket/p/q/', { authority: 'bucket', path: 'p/q', mountPoint: '/s3/bucket/p/q' }],
    ['gcs://project/bucket/p', { authority: 'project/bucket', path: 'p', mountPoint: '/gcs/bucket/p' }],
    ['local://./data', { authority: './data', path: '', mountPoint: '/local/data' }],
    ['local://../up/data', { authority: '../up/data', path: '', mountPoint: '/local/up/data' }],
    ['local:///srv/a/data', { authority: '/srv/a/data', path: '', mountPoint: '/local/srv/a/data' }],
    ['local://.', { authority: '.', path: '', mountPoint: '/local/work' }],
    ['local://C:\\data', { authority: 'C:\\data', path: '', mountPoint: '/local/data' }],
    ['gdrive://shared', { authority: 'shared', path: '', mountPoint: '/gdrive/shared' }],
    ['github://owner/repo', { authority: 'owner/repo', path: '', mountPoint: '/github/owner/repo' }],
    ['local://./a%20b', { authority: './a b', path: '', mountPoint: '/local/a b' }],
    ['local://./a%2520b', { authority: './a%20b', path: '', mountPoint: '/local/a%20b' }],
  ])('%s', (uri, parts) => expect(parseUri(uri, { cwd: '/home/me/work' })).toMatchObject({ ...parts, uri }))

  it('reads options once decoded', () => {
    expect(parseUri('s3://b?layout=path&region=eu-1&name=a%26b&readonly').options).toEqual({ layout: 'path', region: 'eu-1', name: 'a&b', readonly: 'true' })
  })

  it('keeps an option called __proto__ an option', () => {
    expect(Object.hasOwn(parseUri('s3://b?__proto__=x').options, '__proto__')).toBe(true)
  })

  it.each([
    ['bucket', 'scheme://'],
    ['S3://bucket', 'scheme://'],
    ['s3:/bucket', 'scheme://'],
    ['s3://', 'comes a name'],
    ['gcs://project', 'two names'],
    ['gcs:///bucket', 'two names'],
    ['local://', 'names a directory'],
    ['s3://b#part', '"#"'],
    ['s3://b/%zz', 'begins no escape'],
    ['s3://b?a=1&a=2', 'twice'],
    ['local://a%00b', 'control characters'],
    ['s3://key:verysecret@bucket', 'Secrets never ride'],
    ['s3://b?secretAccessKey=verysecret', 'Secrets never ride'],
    ['s3://b?token=verysecret', 'Secrets never ride'],
    ['s3://b?api_key=verysecret', 'Secrets never ride'],
  ])('refuses %s, and shows no secret', (uri, reason) => {
    expect(() => parseUri(uri)).toThrow(reason)
    expect(() => parseUri(uri)).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    expect(() => parseUri(uri)).not.toThrow('verysecret')
  })

  it('takes a path to credentials, which is no secret', () => {
    expect(parseUri('gcs://p/b?credentialsPath=/etc/key.json').options).toEqual({ credentialsPath: '/etc/key.json' })
  })
})
