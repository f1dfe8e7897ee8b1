import type { Backend } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import type { MountSpec } from '../contract/uri.ts'
import type { ConfigKeys } from './config-problem.ts'

/** A mount by URI. */
export interface UriSource {
  /** `scheme://authority/path?option=value`, without secrets. */
  readonly uri: string
  /** Where it is mounted; default: the place that the URI gives itself. */
  readonly at?: string | undefined
  /** A name for people. */
  readonly name?: string | undefined
  readonly readonly?: boolean | undefined
  /** Higher wins over a longer prefix. Default 0. */
  readonly priority?: number | undefined
  /** Mount options and the backend's own, in camelCase; they win over the URI's. */
  readonly options?: object | undefined
}

/** A mount of a backend that the application opened itself; closing the filesystem closes it. */
export interface BackendSource {
  readonly backend: Backend
  readonly at: string
  readonly name?: string | undefined
  readonly readonly?: boolean | undefined
  readonly priority?: number | undefined
}

/** What can be mounted. */
export type MountSource = string | UriSource | BackendSource

/** A mount by type and configuration, as `mountManager.addMount` and `nexus.yaml` take it too. */
export interface ConfigSource {
  readonly mountPoint: string
  /** Scheme of the backend. */
  readonly backendType: string
  /** Mount options and the backend's own, in camelCase. */
  readonly backendConfig?: object | undefined
  readonly name?: string | undefined
  /** Higher wins over a longer prefix. Default 0. */
  readonly priority?: number | undefined
  readonly readonly?: boolean | undefined
}

/** Where a mount comes from, when not from a call. */
interface Provenance {
  /** File and line, for messages. */
  readonly place: string
  /** Found rather than named: it may not say which files hold credentials. */
  readonly isUntrusted?: boolean | undefined
  /** A sentence for the message when it cannot be opened. */
  readonly hint?: string | undefined
}

/** A mount that somebody asks for, checked as far as that goes without its backend. */
export type MountRequest = {
  readonly mountPoint: Path
  readonly name: string | undefined
  readonly readonly: boolean | undefined
  readonly priority: number | undefined
  /** How messages call it: its URI, else its mount point. */
  readonly shown: string
  /** Who asked for it and what is special about it. */
  readonly provenance?: Provenance | undefined
} & (
  | { readonly kind: 'uri'; readonly spec: MountSpec; readonly options: Readonly<Record<string, unknown>> }
  | { readonly kind: 'config'; readonly backendType: string; readonly options: Readonly<Record<string, unknown>> }
  | { readonly kind: 'backend'; readonly backend: Backend }
)

/** Where a source stands. */
export interface SourceContext {
  /** Absolute directory that relative `local://` paths start from. */
  readonly directory: string
  /** What `~` stands for in `local://~/data`. */
  readonly homeDirectory: string
  /** Where it stands in its file, for messages. */
  readonly keys?: ConfigKeys | undefined
}
