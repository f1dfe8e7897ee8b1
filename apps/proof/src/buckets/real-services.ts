import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startRadosgw } from '@nexus/doubles'
import type { BucketService } from './bucket-service.ts'

/** Ceph's object gateway, a cluster of one node. Takes half a minute to start. */
export async function startRadosgwService(): Promise<BucketService> {
  const gateway = await startRadosgw()
  const { endpoint, accessKeyId, secretAccessKey } = gateway
  return await s3Service(endpoint, { accessKeyId, secretAccessKey, close: () => gateway.close() })
}

/** Why moto cannot run here; `undefined` where it can. */
export function whyNoMoto(): string | undefined {
  const isThere = (process.env['PATH'] ?? '').split(delimiter).some((directory) => existsSync(join(directory, 'moto_server')))
  return isThere ? undefined : 'moto_server is not installed: pip install "moto[server]"'
}

/** The server of moto, which keeps no conditional writes: it is told so, and a repository in it has one writer. */
export async function startMotoService(): Promise<BucketService> {
  const port = 20_000 + (process.pid % 20_000)
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('close', () => { resolve() }))
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const endpoint = `http://127.0.0.1:${port}`
  await answering(endpoint, { until: AbortSignal.timeout(60_000) })
  const service = await s3Service(endpoint, { accessKeyId: 'testing', secretAccessKey: 'testing', close })
  return { ...service, query: `${service.query}&conditions=none`, casOptions: 'writers=one' }
}

interface Account {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly close: () => Promise<void>
}

async function s3Service(endpoint: string, { accessKeyId, secretAccessKey, close }: Account): Promise<BucketService> {
  const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  return {
    scheme: 's3',
    env: { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: 'us-east-1' },
    query: `endpoint=${endpoint}`,
    // Without versions: radosgw 16 keeps no conditions on versioned buckets, and moto 5 lists directories there that are gone.
    createBucket: async () => {
      const Bucket = randomUUID()
      await client.send(new CreateBucketCommand({ Bucket }))
      return Bucket
    },
    close: async () => {
      client.destroy()
      await close()
    },
  }
}

async function answering(url: string, { until }: { readonly until: AbortSignal }): Promise<void> {
  for (;;) {
    try {
      await fetch(url, { signal: until })
      return
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      await setTimeout(100, undefined, { signal: until })
    }
  }
}
