import { isNexusError, NexusError, type OpenContext } from '@nexus/core/contract'
import type { S3Config } from './config.ts'

const variables = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']

/**
 * Why a mount that names no endpoint could not be opened, told to somebody whose environment names one. It is not used: what is remembered as
 * `s3://bucket` would be another bucket for each shell that it is asked from.
 */
export function withEndpointHint(error: unknown, { endpoint }: S3Config, env: OpenContext['env']): unknown {
  const name = variables.find((variable) => (env[variable] ?? '') !== '')
  if (endpoint !== undefined || name === undefined || !isNexusError(error)) return error
  const { code, op, path, backend, reason, retryAfterMs, cause = error } = error
  return new NexusError(code, { op, path, backend, retryAfterMs, cause, reason: `${reason} ${name} is set, and a mount does not use it: say ?endpoint=${env[name]} in the URI.` })
}
