import type { BatchOperation } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import type { CallMember } from '../layers/wrap-members.ts'
import type { Touched } from './change-slots.ts'

/** What a change touches, and of which path its answer is the stat, if of any. */
export interface Effect {
  readonly touched: readonly Touched[]
  readonly answered?: Path | undefined
}

type Args = readonly unknown[]

const nothing = (): undefined => undefined
const file = ([path]: Args): Effect => ({ touched: [{ path: path as Path, isTree: false }], answered: path as Path })
const unanswered = ([path]: Args): Effect => ({ touched: [{ path: path as Path, isTree: false }] })
// What is deleted or moved may be a directory, whatever it was a moment ago.
const tree = ([path]: Args): Effect => ({ touched: [{ path: path as Path, isTree: true }] })
const target = ([, to]: Args): Effect => ({ touched: [{ path: to as Path, isTree: true }], answered: to as Path })

const effects = {
  stat: nothing,
  read: nothing,
  presign: nothing,
  usage: nothing,
  snapshot: nothing,
  deleteSnapshot: nothing,
  write: file,
  append: file,
  setMetadata: file,
  mkdir: unanswered,
  delete: tree,
  copy: target,
  copyFrom: target,
  rename: (args) => ({ touched: [...tree(args).touched, ...target(args).touched], answered: args[1] as Path }),
  batch: ([operations]) => ({ touched: (operations as readonly BatchOperation[]).flatMap(touchedByStep) }),
} satisfies Record<CallMember, (args: Args) => Effect | undefined>

/** What a call may change; `undefined` when it changes nothing. A verb added to the contract does not compile until somebody decides. */
export function effectOf(member: CallMember, args: Args): Effect | undefined {
  return effects[member](args)
}

function touchedByStep(step: BatchOperation): Touched[] {
  if (step.op === 'rename' || step.op === 'copy') return [{ path: step.from, isTree: true }, { path: step.to, isTree: true }]
  // TypeScript does not narrow the union by the two names together.
  return 'path' in step ? [{ path: step.path, isTree: step.op === 'delete' }] : []
}
