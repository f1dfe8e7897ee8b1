import type { Capabilities } from '../contract/backend.ts'

/** What holds where nothing is mounted. */
export const noCapabilities: Capabilities = {
  fidelity: 'bytes',
  readonly: true,
  ifMatch: false,
  ifNoneMatch: false,
  ranges: false,
  append: false,
  metadata: false,
  emptyDirectories: false,
  rename: false,
  directoryRename: false,
  copy: false,
  batch: false,
  versions: false,
  snapshots: false,
  changes: false,
  search: false,
  presign: false,
}

type Meet = { readonly [K in keyof Required<Capabilities>]: (left: Capabilities[K], right: Capabilities[K]) => Capabilities[K] }

/** The weaker of two, for each capability; a capability added to the contract does not compile until it stands here. */
const weaker: Meet = {
  fidelity: (left, right) => (left === 'rendered' ? left : right),
  layout: (left, right) => (left === right ? left : undefined),
  readonly: (left, right) => left || right,
  readonlyReason: (left, right) => left ?? right,
  ifMatch: (left, right) => weakest(['native', 'cooperative', false], left, right),
  ifNoneMatch: (left, right) => weakest(['native', 'cooperative', false], left, right),
  ranges: (left, right) => left && right,
  append: (left, right) => left && right,
  metadata: (left, right) => left && right,
  emptyDirectories: (left, right) => left && right,
  rename: (left, right) => weakest(['atomic', 'emulated', false], left, right),
  directoryRename: (left, right) => weakest(['atomic', 'emulated', false], left, right),
  copy: (left, right) => weakest(['server', 'emulated', false], left, right),
  batch: (left, right) => left && right,
  versions: (left, right) => left && right,
  snapshots: (left, right) => left && right,
  changes: (left, right) => weakest(['resumable', 'live', false], left, right),
  search: (left, right) => left && right,
  presign: (left, right) => left && right,
  maxSizeBytes: (left, right) => (left === undefined ? right : right === undefined ? left : Math.min(left, right)),
}

/** What holds in all of `all`; of none, {@link noCapabilities}. */
export function commonCapabilities(all: readonly Capabilities[]): Capabilities {
  const [first, ...rest] = all
  return first === undefined ? noCapabilities : rest.reduce(meet, first)
}

function meet(left: Capabilities, right: Capabilities): Capabilities {
  const of = <K extends keyof Capabilities>(name: K): Capabilities[K] => weaker[name](left[name], right[name])
  return Object.fromEntries(Object.keys(weaker).map((name) => [name, of(name as keyof Capabilities)])) as unknown as Capabilities
}

function weakest<T>(strongestFirst: readonly T[], left: T, right: T): T {
  return strongestFirst.indexOf(left) > strongestFirst.indexOf(right) ? left : right
}
