import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { NewObject } from './describe-new.ts'

/** What a copy keeps of its source besides content type and attributes. */
export interface Carried {
  /** Goes along by itself where attributes do, and is lost where they are replaced. */
  readonly described: Pick<NewObject, 'CacheControl' | 'ContentDisposition' | 'ContentEncoding' | 'ContentLanguage' | 'Expires'>
  /** Never goes along by itself. */
  readonly placed: Pick<NewObject, 'StorageClass' | 'WebsiteRedirectLocation'>
}

/** Classes that may be asked for in any bucket; others belong to a kind of bucket, or name a tier of another service, which refuses them in requests. */
const classes: ReadonlySet<string> = new Set(['REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'])

/** What is to be said of a copy of the object that HEAD told of. */
export function carriedOf({ CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ExpiresString = '', StorageClass, WebsiteRedirectLocation }: HeadObjectCommandOutput): Carried {
  const expiresMs = Date.parse(ExpiresString)
  return {
    described: {
      ...(CacheControl !== undefined && { CacheControl }),
      ...(ContentDisposition !== undefined && { ContentDisposition }),
      ...(ContentEncoding !== undefined && { ContentEncoding }),
      ...(ContentLanguage !== undefined && { ContentLanguage }),
      ...(!Number.isNaN(expiresMs) && { Expires: new Date(expiresMs) }),
    },
    placed: {
      ...(StorageClass !== undefined && classes.has(StorageClass) && { StorageClass }),
      ...(WebsiteRedirectLocation !== undefined && { WebsiteRedirectLocation }),
    },
  }
}
