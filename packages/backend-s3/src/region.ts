import type { OpenContext } from '@nexus/core/contract'
import { isAmazon } from './client.ts'
import type { S3Config } from './config.ts'
import { profileName, readSections, sharedFiles } from './shared-files.ts'

/** What S3 itself takes a request for without a region. */
const defaultRegion = 'us-east-1'

/**
 * The bucket's region: as configured, else `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, else as Amazon tells of the bucket, to whom it may concern,
 * in the header of any answer; other services take any name.
 */
export async function findRegion(config: S3Config, { env, fetch, signal }: Pick<OpenContext, 'env' | 'fetch' | 'signal'>): Promise<string> {
  const named = config.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? (await regionOfProfile(config, env))
  if (named !== undefined && named !== '') return named
  if (!isAmazon(config) || config.endpoint !== undefined) return defaultRegion
  const response = await askAnywhere(config.bucket, { fetch, signal })
  return response?.headers.get('x-amz-bucket-region') ?? defaultRegion
}

async function askAnywhere(bucket: string, { fetch, signal }: Pick<OpenContext, 'fetch' | 'signal'>): Promise<Response | undefined> {
  try {
    return await fetch(`https://s3.amazonaws.com/${encodeURIComponent(bucket)}`, { method: 'HEAD', redirect: 'manual', signal: signal ?? null })
  } catch (error) {
    // Whoever cannot reach it here hears so from the first request to the bucket, with its place.
    if (error instanceof TypeError) return undefined
    throw error
  }
}

async function regionOfProfile(config: S3Config, env: OpenContext['env']): Promise<string | undefined> {
  const files = sharedFiles(config, env)
  const profile = profileName(config, env)
  for (const path of [files.credentials, files.config]) {
    const sections = await readSections(path)
    const region = typeof sections === 'object' ? sections[profile]?.['region'] : undefined
    if (region !== undefined) return region
  }
  return undefined
}
