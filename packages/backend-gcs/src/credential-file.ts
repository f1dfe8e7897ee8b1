import { createPrivateKey, createSign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { UrlSigner } from './token-source.ts'
import { member, parseJson } from './read-refusal.ts'

/** What a credential file holds, checked as far as it can be without asking Google. */
export interface CredentialFile {
  readonly type: CredentialType
  readonly json: Readonly<Record<string, unknown>>
  readonly signer: UrlSigner | undefined
}

/** https://cloud.google.com/docs/authentication/application-default-credentials */
const requiredFields = {
  service_account: ['client_email', 'private_key'],
  authorized_user: ['client_id', 'client_secret', 'refresh_token'],
  external_account: ['audience', 'subject_token_type', 'token_url', 'credential_source'],
  impersonated_service_account: ['source_credentials', 'service_account_impersonation_url'],
} as const

/** Kinds of files that can be read. */
export type CredentialType = keyof typeof requiredFields

/** Reads a file of credentials. @returns A sentence that says what is wrong with it */
export async function readCredentialFile(path: string): Promise<CredentialFile | string> {
  const text = await readText(path)
  if (typeof text === 'object') return text.problem
  return checkCredentials(parseJson(text), path)
}

/** Checks the content of such a file. */
export function checkCredentials(json: unknown, path: string): CredentialFile | string {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return `${path} is no JSON object`
  const type = member(json, 'type')
  if (!isKnownType(type)) return `${path} has ${typeof type === 'string' ? `the type ${JSON.stringify(type)}` : 'no type'}; known are ${Object.keys(requiredFields).join(', ')}`
  const missing = requiredFields[type].filter((name) => member(json, name) === undefined)
  if (missing.length > 0) return `${path} has no ${missing.join(' and no ')}`
  if (type !== 'service_account') return { type, json: { ...json }, signer: undefined }
  const signer = toSigner(member(json, 'client_email'), member(json, 'private_key'))
  return signer === undefined ? `the private_key in ${path} is no RSA key` : { type, json: { ...json }, signer }
}

/** Whose credentials these are, in words without a secret. */
export function describeCredentials({ type, json }: CredentialFile): string {
  const email = member(json, 'client_email')
  return type === 'service_account' && typeof email === 'string' ? `the service account ${email}` : kinds[type]
}

const kinds: Readonly<Record<CredentialType, string>> = {
  service_account: 'a service account',
  authorized_user: 'a user who logged in by gcloud',
  external_account: 'an external account (workload identity federation)',
  impersonated_service_account: 'a service account that is impersonated',
}

function isKnownType(type: unknown): type is CredentialType {
  return typeof type === 'string' && Object.hasOwn(requiredFields, type)
}

async function readText(path: string): Promise<string | { readonly problem: string }> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = member(error, 'code')
    if (code === 'ENOENT') return { problem: `there is no file ${path}` }
    return { problem: `${path} cannot be read (${typeof code === 'string' ? code : 'unknown reason'})` }
  }
}

function toSigner(email: unknown, privateKey: unknown): UrlSigner | undefined {
  if (typeof email !== 'string' || typeof privateKey !== 'string') return undefined
  try {
    const key = createPrivateKey(privateKey)
    if (key.asymmetricKeyType !== 'rsa') return undefined
    return { email, sign: (text) => Promise.resolve(createSign('RSA-SHA256').update(text).sign(key)) }
  } catch {
    // OpenSSL's words for a damaged key help nobody, and may quote it.
    return undefined
  }
}
