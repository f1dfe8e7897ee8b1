import type { GateFor } from '../resilience/gates.ts'
import type { StartTimer } from '../resilience/start-timer.ts'
import type { Backend, ServiceHealth } from './backend.ts'
import type { ContentStore, JournalStore } from './store.ts'
import type { MountSpec } from './uri.ts'

/** What a backend may use of the world around it; everything comes in by here, so tests need neither sleeping nor patching. */
export interface OpenContext {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Fills and returns the array with random bytes. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>
  readonly fetch: typeof globalThis.fetch
  readonly env: Readonly<Record<string, string | undefined>>
  /** Nexus' own directories on this machine, which no backend may show as files. */
  readonly privateDirectories: readonly string[]
  /** Credentials by name, from the token vault; absent: not stored. */
  readonly credentials: (name: string) => Promise<unknown>
  /** What the mount promises about other writers: `one`, that there are none. */
  readonly writers?: 'one' | 'many' | undefined
  /** What holds back all who count as one account of a service, each under a name that tells service and account; absent: each for itself. */
  readonly gateFor?: GateFor | undefined
  /** Time-outs and waits; default the platform's timer. */
  readonly startTimer?: StartTimer | undefined
  readonly signal?: AbortSignal | undefined
}

/** The two halves of storage that Nexus owns, before the repository engine is put on top. */
export interface RepositoryStores {
  readonly journal: JournalStore
  readonly contents: ContentStore
  /** File of the index when the storage has a place for it (a local disk); otherwise it stands in the state directory. */
  readonly indexPath?: string | undefined
  /** How old an answer may be unless the mount says otherwise, in milliseconds; absent where asking the storage costs next to nothing. */
  readonly freshnessMs?: number | undefined
  /** Why this storage cannot be written to as it is mounted, as one or more sentences; absent where it can. */
  readonly readonlyReason?: string | undefined
  /** As `cacheScope` of a Backend: present where contents are worth remembering on this machine. */
  readonly cacheScope?: string | undefined
  /** As of a Backend. */
  readonly serviceHealth?: (() => ServiceHealth) | undefined
}

/** A place where a backend looks for credentials; what it says is never a secret. */
export interface CredentialPlace {
  /** As `CloudCredentialError` names it. */
  readonly place: string
  /** What is wrong there, as `CloudCredentialError` says it; `undefined` where what is there can be used. */
  readonly problem: string | undefined
  /** What was found there and is used: whose, of which profile. */
  readonly found?: string | undefined
}

/** A rule by which a service takes what is stored away without being asked. */
export interface StorageRule {
  /** As the service calls it. */
  readonly id: string
  /** Keys below the mount that it concerns: their beginning, empty for all. */
  readonly prefix: string
  /** `archive`: reading it takes hours, or costs more. */
  readonly action: 'expire' | 'archive'
  /** Age in days from which it holds, where it goes by age. */
  readonly afterDays?: number | undefined
}

/** What a backend can say of a mount that may not even open. */
export interface Diagnosis {
  /** Each place looked at, in order; the one without a problem, always the last, is used. Empty for a mount that sends none. */
  readonly credentials: readonly CredentialPlace[]
  /** Rules that concern what is below the mount, or why they are not known. */
  readonly rules: readonly StorageRule[] | { readonly unknown: string }
}

/** What a package exports, by name and as `default`. Importing it does nothing. */
export interface BackendDefinition<Config = unknown> {
  readonly scheme: string
  /** Major version of the contract; another one is refused with a message that says so. */
  readonly contract: 1
  /** The URI's part of the configuration, unchecked. */
  fromUri(spec: MountSpec): unknown
  /** URI, `backendConfig` and options all end here. @throws NexusError `invalid_config`, naming the key */
  parseConfig(input: unknown): Config
  /** The storage as it is: layout `path`. */
  open(config: Config, context: OpenContext): Promise<Backend>
  /** Present where the storage can hold a repository: layout `cas`. Writes nothing before the first commit. */
  openStore?(config: Config, context: OpenContext): Promise<RepositoryStores>
  /** What is in the storage now, which decides the layout when the URI does not say. */
  detectLayout?(config: Config, context: OpenContext): Promise<'cas' | 'path' | 'empty'>
  /** What `nexus-fs doctor` shows of a mount besides what every one has: asks as little of the service as it can, and changes nothing. A failure of the service is part of the answer. */
  diagnose?(config: Config, context: OpenContext): Promise<Diagnosis>
}
