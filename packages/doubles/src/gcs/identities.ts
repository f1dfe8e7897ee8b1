import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** Who signs. */
export const serviceAccountEmail = 'tester@nexus.iam.gserviceaccount.com'

/** A credential file as `gcloud auth application-default login` leaves it. */
export const authorizedUser = {
  type: 'authorized_user',
  client_id: '764086051850-tests.apps.googleusercontent.com',
  client_secret: 'the-client-secret-of-the-tests',
  refresh_token: '1//the-refresh-token-of-the-tests',
} as const

/** A service account's key file. */
export interface ServiceAccountKey {
  readonly type: 'service_account'
  readonly project_id: string
  readonly private_key_id: string
  readonly private_key: string
  readonly client_email: string
  readonly token_uri: string
}

let generated: ServiceAccountKey | undefined

/** One key for all doubles of a process: making it takes longer than most tests. */
export function serviceAccountKey(): ServiceAccountKey {
  generated ??= {
    type: 'service_account',
    project_id: 'nexus',
    private_key_id: 'key-1',
    private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    client_email: serviceAccountEmail,
    token_uri: 'https://oauth2.googleapis.com/token',
  }
  return generated
}

/** What checks that account's signatures. */
export function serviceAccountPublicKey(): KeyObject {
  return createPublicKey(createPrivateKey(serviceAccountKey().private_key))
}
