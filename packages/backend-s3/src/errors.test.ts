import { Agent } from 'node:http'
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { startHttpDouble } from '@nexus/doubles'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { expect, it } from 'vitest'
import { toNexusError } from './errors.ts'

it('a connection that was not made in time took nothing with it', async () => {
  const double = await startHttpDouble({ handle: () => ({ status: 200 }) })
  double.faults.add({ action: { kind: 'stall', afterBytes: 0, headers: false } })
  // The SDK's own failure, whose words alone tell it from an answer that did not come.
  const requestHandler = new NodeHttpHandler({ connectionTimeout: 100, httpAgent: new Agent({ maxSockets: 1 }) })
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const client = new S3Client({ endpoint: double.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, requestHandler, credentials })
  const send = (): Promise<unknown> => client.send(new HeadBucketCommand({ Bucket: 'bucket' })).catch((error: unknown) => error)
  const first = send()
  const failure = await send()
  expect(toNexusError(failure, { op: 'put', path: 'key' }, { mayHaveHappened: true })).toMatchObject({ code: 'unavailable', cause: { name: 'TimeoutError' } })
  await double.close()
  expect(toNexusError(await first, { op: 'put', path: 'key' }, { mayHaveHappened: true })).toMatchObject({ code: 'outcome_unknown' })
  client.destroy()
})
