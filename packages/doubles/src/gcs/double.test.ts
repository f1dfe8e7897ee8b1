import { createHash, createSign } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GcsDouble, startGcsDouble } from './double.ts'
import { authorizedUser, serviceAccountEmail, serviceAccountKey } from './identities.ts'

let double: GcsDouble
let authorization: string

beforeEach(async () => {
  double = await startGcsDouble({ pageSize: 2, rewriteBytes: 4 })
  authorization = `Bearer ${double.giveToken()}`
})
afterEach(() => double.close())

const call = (method: string, path: string, { body, headers }: { body?: string; headers?: Record<string, string> } = {}): Promise<Response> =>
  fetch(`${double.url}${path}`, { method, redirect: 'manual', headers: { authorization, ...headers }, ...(body !== undefined && { body }) })
const put = (name: string, body = name, query = ''): Promise<Response> => call('POST', `/upload/storage/v1/b/bucket/o?uploadType=media&name=${encodeURIComponent(name)}${query}`, { body })
const json = async (response: Response): Promise<Record<string, unknown>> => (await response.json()) as Record<string, unknown>
const object = '/storage/v1/b/bucket/o'

describe('the double of GCS refuses', () => {
  it.each([
    ['no token', 401, () => call('GET', object, { headers: { authorization: '' } })],
    ['a token that nobody gave', 401, () => call('GET', object, { headers: { authorization: 'Bearer x' } })],
    ['an unknown query parameter', 400, () => put('a', 'a', '&ifGenerationMtach=0')],
    ['a wrong checksum', 400, () => call('POST', '/upload/storage/v1/b/bucket/o?uploadType=media&name=a', { body: 'a', headers: { 'x-goog-hash': 'crc32c=AAAAAA==' } })],
    ['a wrong MD5', 400, () => call('POST', '/upload/storage/v1/b/bucket/o?uploadType=media&name=a', { body: 'a', headers: { 'x-goog-hash': 'md5=AAAA' } })],
    ['a bucket that is not there', 404, () => call('GET', '/storage/v1/b/nothing/o')],
    ['an object that is not there', 404, () => call('GET', `${object}/nothing`)],
    ['a condition on what is absent', 412, () => put('a', 'a', '&ifGenerationMatch=7')],
    ['a line break in a name', 400, () => put('a\nb')],
    ['a foreign page token', 400, () => call('GET', `${object}?pageToken=abc`)],
    ['a batch that uploads', 400, () => call('POST', '/batch/storage/v1', { body: '--b\r\nContent-Type: application/http\r\n\r\nPOST /upload/storage/v1/b/bucket/o\r\n\r\n\r\n--b--', headers: { 'content-type': 'multipart/mixed; boundary=b' } })],
  ] as const)('%s', async (_, status, asking) => {
    expect((await asking()).status).toBe(status)
    expect(double.bucket().objects.size).toBe(0)
  })

  it('grants that are wrong', async () => {
    const grant = (form: Record<string, string>): Promise<Response> => fetch(`${double.url}/token`, { method: 'POST', body: new URLSearchParams(form) })
    const { client_id, client_secret, refresh_token } = authorizedUser
    expect((await grant({ grant_type: 'refresh_token', client_id, client_secret, refresh_token })).status).toBe(200)
    expect((await grant({ grant_type: 'refresh_token', client_id, client_secret, refresh_token: 'x' })).status).toBe(400)
    expect((await grant({ grant_type: 'refresh_token', client_id, client_secret: 'x', refresh_token })).status).toBe(401)
    expect(await json(await grant({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: 'a.b.c' }))).toMatchObject({ error: 'invalid_grant' })
  })
})

describe('the double of GCS keeps', () => {
  it('generations, conditions and ranges', async () => {
    const { generation } = await json(await put('a', 'hello', '&ifGenerationMatch=0'))
    expect((await put('a', 'again', '&ifGenerationMatch=0')).status).toBe(412)
    expect((await put('a', 'again', `&ifGenerationMatch=${String(generation)}`)).status).toBe(200)
    const part = await call('GET', `${object}/a?alt=media`, { headers: { range: 'bytes=1-2' } })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 1-2/5', 'ga'])
    expect((await call('GET', `${object}/a?alt=media`, { headers: { range: 'bytes=5-' } })).status).toBe(416)
  })

  it('listings: an inclusive start, pages, prefixes, fields', async () => {
    for (const name of ['a', 'b/1', 'b/2', 'c']) await put(name)
    const first = await json(await call('GET', `${object}?delimiter=/&fields=prefixes,nextPageToken,items(name)`))
    expect(first).toMatchObject({ items: [{ name: 'a' }], prefixes: ['b/'] })
    const second = await json(await call('GET', `${object}?delimiter=/&fields=items(name)&pageToken=${String(first['nextPageToken'])}`))
    expect(second).toEqual({ items: [{ name: 'c' }] })
    expect(await json(await call('GET', `${object}?startOffset=b/2&fields=items(name)`))).toEqual({ items: [{ name: 'b/2' }, { name: 'c' }] })
  })

  it('rewrites over several calls, and compositions', async () => {
    await put('a', 'hello')
    const first = await json(await call('POST', `${object}/a/rewriteTo/b/bucket/o/b`))
    expect(first).toMatchObject({ done: false, totalBytesRewritten: '4', objectSize: '5' })
    expect(double.bucket().objects.has('b')).toBe(false)
    expect(await json(await call('POST', `${object}/a/rewriteTo/b/bucket/o/b?rewriteToken=${String(first['rewriteToken'])}`))).toMatchObject({ done: true })
    const composed = await json(await call('POST', `${object}/both/compose`, { body: JSON.stringify({ sourceObjects: [{ name: 'a' }, { name: 'b' }] }) }))
    expect(composed).toMatchObject({ size: '10', componentCount: 2 })
    expect(composed['md5Hash']).toBeUndefined()
  })

  it('resumable uploads: multiples of 256 KiB, status, cancellation', async () => {
    const started = await call('POST', '/upload/storage/v1/b/bucket/o?uploadType=resumable', { body: '{"name":"long"}' })
    const path = new URL(started.headers.get('location') ?? '').pathname + new URL(started.headers.get('location') ?? '').search
    const chunk = 'x'.repeat(256 * 1024)
    const send = (range: string, body?: string): Promise<Response> => call('PUT', path, { headers: { 'content-range': range }, ...(body !== undefined && { body }) })
    expect((await send('bytes 0-9/*', '0123456789')).status).toBe(400)
    expect((await send(`bytes 0-${chunk.length - 1}/*`, chunk)).status).toBe(308)
    expect((await send('bytes */*')).headers.get('range')).toBe(`bytes=0-${chunk.length - 1}`)
    expect((await send(`bytes ${chunk.length + 5}-${chunk.length + 5}/*`, 'x')).status).toBe(503)
    expect(double.openUploads()).toBe(1)
    expect((await send(`bytes ${chunk.length}-${chunk.length}/${chunk.length + 1}`, 'y')).status).toBe(200)
    expect([double.openUploads(), double.bucket().objects.get('long')?.[0]?.bytes.length]).toEqual([0, chunk.length + 1])
  })

  it('all that describes an object in a rewrite without a body, and nothing of it in one with a body', async () => {
    const described = { cacheControl: 'no-store', contentDisposition: 'inline', contentEncoding: 'gzip', contentLanguage: 'de', customTime: '2020-01-01T00:00:00Z' }
    const body = `--x\r\nContent-Type: application/json\r\n\r\n${JSON.stringify({ name: 'a', ...described })}\r\n--x\r\nContent-Type: text/plain\r\n\r\na\r\n--x--\r\n`
    await call('POST', '/upload/storage/v1/b/bucket/o?uploadType=multipart', { body, headers: { 'content-type': 'multipart/related; boundary=x' } })
    expect(await json(await call('POST', `${object}/a/rewriteTo/b/bucket/o/kept`))).toMatchObject({ resource: { contentType: 'text/plain', ...described } })
    const { resource } = await json(await call('POST', `${object}/a/rewriteTo/b/bucket/o/replaced`, { body: '{"cacheControl":"private"}' }))
    expect(resource).toMatchObject({ contentType: 'application/octet-stream', cacheControl: 'private' })
    for (const name of ['contentDisposition', 'contentEncoding', 'contentLanguage', 'customTime']) expect(resource).not.toHaveProperty(name)
  })

  it('attributes that are patched, versions that are kept', async () => {
    double.bucket().versioning = true
    await put('a', 'one')
    await put('a', 'two')
    expect(await json(await call('PATCH', `${object}/a`, { body: '{"metadata":{"k":"v"}}' }))).toMatchObject({ metageneration: '2', metadata: { k: 'v' } })
    expect((await call('DELETE', `${object}/a`)).status).toBe(204)
    expect(((await json(await call('GET', `${object}?versions=true`)))['items'] as unknown[]).length).toBe(2)
    expect((await call('GET', `${object}/a`)).status).toBe(404)
  })

  it('signed URLs to what was signed, and no longer', async () => {
    await put('a', 'hello')
    const host = new URL(double.url).host
    const sign = (date: string): string => {
      const scope = `${date.slice(0, 8)}/auto/storage/goog4_request`
      const query = `X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=${encodeURIComponent(`${serviceAccountEmail}/${scope}`)}&X-Goog-Date=${date}&X-Goog-Expires=60&X-Goog-SignedHeaders=host`
      const text = ['GOOG4-RSA-SHA256', date, scope, hashOf(['GET', '/bucket/a', query, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n'))].join('\n')
      return `${double.url}/bucket/a?${query}&X-Goog-Signature=${createSign('RSA-SHA256').update(text).sign(serviceAccountKey().private_key, 'hex')}`
    }
    const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '')
    const url = sign(stamp(Date.now()))
    expect(await (await fetch(url)).text()).toBe('hello')
    expect((await fetch(url.replace('/a?', '/b?'))).status).toBe(403)
    expect((await fetch(sign(stamp(Date.now() - 61_000)))).status).toBe(400)
  })
})

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
