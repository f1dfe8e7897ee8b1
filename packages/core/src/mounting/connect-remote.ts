import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Environment } from './environment.ts'
import type { NexusFS } from './nexus-fs.ts'
import { installCommand } from './package-manager.ts'
import { isRecord } from './parse-manifest.ts'
import { resolvePackage } from './resolve-package.ts'
import { searchBases } from './third-party.ts'

/** A server, as `@nexus/client` takes it. */
export interface RemoteServer {
  /** Base URL, `http:` or `https:`. */
  readonly serverUrl: string
  readonly apiKey: string | undefined
  readonly signal: AbortSignal | undefined
}

/** What core needs of `@nexus/client`: the whole facade over a server. */
export interface RemoteClient {
  readonly connectRemote: (server: RemoteServer) => Promise<NexusFS>
}

const clientPackage = '@nexus/client'

/**
 * Hands over to `@nexus/client`; embedded mode is never a substitute for a server that was asked for.
 * @throws NexusError `unavailable` with the install command when the client is not installed; `invalid_config` for a URL that is none
 */
export async function connectRemote(
  server: RemoteServer,
  places: { readonly environment: Environment; readonly resolveFrom?: string | undefined },
): Promise<NexusFS> {
  checkUrl(server.serverUrl)
  const found = resolvePackage(clientPackage, searchBases(places))
  if (found === undefined) {
    const command = installCommand(clientPackage, places.environment)
    throw new NexusError('unavailable', {
      op: 'connect',
      path: server.serverUrl,
      reason: `Connecting to a server needs ${clientPackage}. Install it: ${command}`,
    })
  }
  return await (await importClient(found.entry)).connectRemote(server)
}

async function importClient(entry: string | undefined): Promise<RemoteClient> {
  const module: unknown =
    entry === undefined
      ? undefined
      : await import(entry).catch((cause: unknown) => {
          throw isNexusError(cause) ? cause : broken(cause)
        })
  if (!isClient(module)) throw broken(undefined)
  return module
}

function isClient(module: unknown): module is RemoteClient {
  return isRecord(module) && typeof module['connectRemote'] === 'function'
}

function broken(cause: unknown): NexusError {
  const detail = cause instanceof Error ? `: ${cause.message}` : ' or does not fit this @nexus/core'
  return new NexusError('unavailable', {
    op: 'connect',
    reason: `${clientPackage} is installed but broken${detail}. Install it again.`,
    cause,
  })
}

function checkUrl(serverUrl: string): void {
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : undefined
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_config', { op: 'connect', reason })
  }
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    refuse('The URL of a server is written http://host:port or https://host (NEXUS_URL, or "url").')
  if (url?.username !== '' || url.password !== '')
    refuse('Secrets never ride in a URI; give the key of a server by NEXUS_API_KEY or "apiKey".')
}
