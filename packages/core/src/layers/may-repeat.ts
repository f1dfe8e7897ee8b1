import type { AppendOptions, Backend, DeleteOptions, MkdirOptions, MoveOptions, WriteOptions } from '../contract/backend.ts'
import { type CallMember, optionsOf } from './wrap-members.ts'

/** `always`: once or twice is the same. `refused`: only when it surely did not happen. `never`: it cannot be called again. */
type Repeatable = 'always' | 'refused' | 'never'

type Options = WriteOptions & AppendOptions & DeleteOptions & MkdirOptions & MoveOptions

interface Call {
  readonly backend: Backend
  readonly options: Options
  readonly body: unknown
}

const always = (): Repeatable => 'always'
const refused = (): Repeatable => 'refused'
/** A condition that held the first time does not hold the second time: at worst the caller hears `precondition_failed`. */
const ifConditional = ({ options }: Call): Repeatable => (options.ifMatch !== undefined || options.ifNoneMatch !== undefined ? 'always' : 'refused')
const unlessStream =
  (decide: (call: Call) => Repeatable) =>
  (call: Call): Repeatable =>
    call.body instanceof Uint8Array ? decide(call) : 'never'

/** Every verb that gives a promise; one added to the contract does not compile until somebody decides. */
const repeatable = {
  stat: always,
  read: always,
  presign: always,
  usage: always,
  // The same bytes again leave the same file, but writing to a document or an inbox may create another.
  write: unlessStream((call) => (call.backend.capabilities.fidelity === 'bytes' ? 'always' : ifConditional(call))),
  append: unlessStream(ifConditional),
  setMetadata: always,
  copy: always,
  copyFrom: always,
  rename: ifConditional,
  delete: (call) => (call.options.force === true ? 'always' : ifConditional(call)),
  mkdir: ({ options }) => (options.recursive === true ? 'always' : 'refused'),
  batch: refused,
  snapshot: refused,
  deleteSnapshot: refused,
} satisfies Record<CallMember, (call: Call) => Repeatable>

/** Whether a failed call may be made again. */
export function mayRepeat(backend: Backend, member: CallMember, args: readonly unknown[]): Repeatable {
  const call: Call = { backend, options: optionsOf(member, args) ?? {}, body: args[1] }
  return repeatable[member](call)
}
