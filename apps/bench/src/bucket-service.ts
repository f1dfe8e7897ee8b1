// A process of its own: an S3 or a GCS in memory, so that it shares neither loop nor memory with those whom it serves.
import process from 'node:process'
import { startGcsDouble } from '@nexus/doubles/gcs'
import { type S3Double, startS3Double } from '@nexus/doubles/s3'
import type { ServiceAnswer, ServiceQuestion } from './buckets/open-service.ts'

const scheme = process.argv[2]
const double = scheme === 's3' ? await startS3Double({ believes: true }) : await startGcsDouble({ believes: true, rewriteBytes: Infinity })

process.on('message', (question: ServiceQuestion) => {
  if (question.kind === 'clear') double.requests.clear()
  if (question.kind === 'empty') double.bucket().objects.clear()
  if (question.kind === 'fill') fill(question.objects)
  answer()
})
process.on('disconnect', () => process.exit(0))
answer()

function answer(): void {
  const kinds: Record<string, number> = {}
  for (const { kind } of double.requests.records) kinds[kind] = (kinds[kind] ?? 0) + 1
  process.send?.({ url: double.url, requests: double.requests.count(), kinds } satisfies ServiceAnswer)
}

/** Objects of 1 KB, a hundred in a directory, that nobody has to send. */
function fill(count: number): void {
  const { state, ...service } = double as S3Double
  const { objects } = service.bucket()
  const bytes = new Uint8Array(1024)
  const version = { versionId: 'null', isMarker: false, bytes, metadata: {}, headers: {}, checksum: undefined }
  for (let index = 0; index < count; index++) {
    const key = `tree/d-${String(Math.floor(index / 100)).padStart(5, '0')}/f-${index}`
    objects.set(key, [{ ...version, etag: `filled-${index}`, modifiedAt: state.now() }])
  }
}
