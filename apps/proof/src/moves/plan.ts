/** What a moving process is told. */
export interface MovePlan {
  /** URIs of both mounts; `/tree` of the first goes to `/tree` of the second. */
  readonly from: string
  readonly to: string
  /** Host path of the state directory. */
  readonly state: string
}

/** What it tells. */
export type MoverReport = { readonly begun: 'move' | 'read' | 'write' | 'delete' | 'end' } | { readonly written: string }
