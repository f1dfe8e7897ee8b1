import { createHash } from 'node:crypto'
import { orAborted } from './or-aborted.ts'

/** An access token and its end. */
export interface AccessToken {
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Signs URLs as a service account. */
export interface UrlSigner {
  readonly email: string
  /** RSA with SHA-256 over UTF-8. */
  sign(text: string): Promise<Uint8Array>
}

/** Where access tokens come from. */
export interface TokenSource {
  /** A token that the service should take: kept until a minute before its end. @throws CloudCredentialError, NexusError `unavailable` */
  token(signal?: AbortSignal): Promise<string>
  /** The service did not take this one: the next call gets another. */
  refuse(token: string): void
  /** Names the account without its secrets: a short hash. */
  readonly reader: string
  /** Only a service account's key can sign. */
  readonly signer: UrlSigner | undefined
}

/** Early enough for a request that takes its time, and for clocks that differ. */
const spareMs = 60_000

interface TokenSourceOptions {
  /** Asks for a token; has its own time-out. */
  readonly mint: () => Promise<AccessToken>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** What tells the account from others. */
  readonly account: string
  readonly signer?: UrlSigner | undefined
}

/** Keeps a token, and asks for a new one once, however many wait for it. */
export function createTokenSource({ mint, now, account, signer }: TokenSourceOptions): TokenSource {
  let kept: AccessToken | undefined
  let minting: Promise<AccessToken> | undefined
  const renew = (): Promise<AccessToken> => {
    minting ??= mint()
      .then((minted) => (kept = minted))
      .finally(() => {
        minting = undefined
      })
    return minting
  }
  return {
    token: async (signal) => {
      if (kept !== undefined && kept.expiresAt - spareMs > now()) return kept.token
      return (await orAborted(renew(), signal)).token
    },
    refuse: (token) => {
      if (kept?.token === token) kept = undefined
    },
    reader: createHash('sha256').update(account).digest('hex').slice(0, 16),
    signer,
  }
}
