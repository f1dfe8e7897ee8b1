import type { PutOptions } from '@nexus/object-storage'
import { toS3Metadata } from './attributes.ts'
import type { S3Config } from './config.ts'
import type { S3Context } from './context.ts'
import { quote } from './info.ts'

/** How an object is to be kept: encryption and storage class of the mount. */
export function kept({ storageClass, encryption, kmsKeyId }: S3Config): Pick<NewObject, 'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'> {
  return {
    // S3 adds classes; the SDK's list of them is a union that ages.
    ...(storageClass !== undefined && { StorageClass: storageClass as NonNullable<NewObject['StorageClass']> }),
    ...(encryption !== undefined && { ServerSideEncryption: encryption }),
    ...(kmsKeyId !== undefined && { SSEKMSKeyId: kmsKeyId }),
  }
}

/** What a request that makes an object may say of it. */
export type NewObject = NonNullable<ConstructorParameters<S3Context['sdk']['PutObjectCommand']>[0]>

/** What a new object is described by. */
export function described(config: S3Config, { contentType, metadata }: PutOptions): Pick<NewObject, 'ContentType' | 'Metadata' | 'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'> {
  return { ...(contentType !== undefined && { ContentType: contentType }), ...(metadata !== undefined && { Metadata: toS3Metadata(metadata) }), ...kept(config) }
}

/** The condition as headers. */
export function conditioned({ condition }: PutOptions): { IfMatch?: string; IfNoneMatch?: '*' } {
  if (condition === undefined) return {}
  return condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: quote(condition.ifMatch) }
}
