import { type BucketStore, nothingBeside } from './bucket-store.ts'
import type { BucketService } from './open-service.ts'

/** The requests that ours sends to GCS, by `fetch` and nothing else: no checksums, no retries. */
export function openFetchBucket({ url }: BucketService): Pick<BucketStore, 'name' | 'file' | 'prepare' | 'settle' | 'close'> {
  const ask = async (target: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url + target, init)
    if (!response.ok) throw new Error(`${target} answered ${response.status}: ${await response.text()}`)
    return response
  }
  return {
    name: 'fetch',
    ...nothingBeside,
    file: (path) => {
      const name = path.slice(1)
      const upload = `/upload/storage/v1/b/bucket/o?uploadType=media&name=${encodeURIComponent(name)}`
      return {
        write: async (bytes) => (await ask(upload, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: bytes as Uint8Array<ArrayBuffer> })).json(),
        read: async () => new Uint8Array(await (await ask(`/bucket/${name}`)).arrayBuffer()),
        stat: async () => (await ask(`/storage/v1/b/bucket/o/${encodeURIComponent(name)}`)).json(),
      }
    },
    close: () => Promise.resolve(),
  }
}
