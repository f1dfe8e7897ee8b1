/** One option of a backend, as far as it can be known without importing the backend. */
export interface OptionManifest {
  readonly type: 'string' | 'integer' | 'boolean'
  /** One sentence for `--help` and documentation. */
  readonly description: string
  /** Never written to `mounts.json`, never in a URI. */
  readonly secret?: boolean | undefined
  /** Names a host file with credentials: a `nexus.yaml` that was merely found may not set it. */
  readonly credentialFile?: boolean | undefined
}

/** What can be known of a scheme without importing its package. */
export interface BackendManifest {
  readonly scheme: string
  /** npm package that holds the definition. */
  readonly package: string
  /** Name that the package exports the definition by. */
  readonly definition: string
  /** How its URIs are written: `s3://<bucket>/<prefix>`. */
  readonly uri?: string | undefined
  /** What it is and can do, in words. */
  readonly capabilities?: string | undefined
  /** Options besides the mount options, in camelCase; absent when the package does not tell. */
  readonly options?: Readonly<Record<string, OptionManifest>> | undefined
  /** Where its credentials come from, in the order they are looked for; empty when it needs none. */
  readonly credentials?: readonly string[] | undefined
}
