import type { Backend, CallOptions } from '../contract/backend.ts'

/** The verbs that give an iteration. */
export type IterationMember = 'list' | 'versions' | 'snapshots' | 'changes' | 'search'

/** What a backend tells of itself without asking its storage. */
type ToldMember = 'scheme' | 'capabilities' | 'capabilitiesAt' | 'cacheScope' | 'serviceHealth' | 'storedAt'

/** The verbs that give a promise. */
export type CallMember = Exclude<keyof Backend, IterationMember | ToldMember | 'close'>

type Shape<M> = M extends CallMember
  ? { readonly kind: 'call'; readonly optionsAt: number }
  : M extends IterationMember
    ? { readonly kind: 'iteration'; readonly optionsAt: number }
    : { readonly kind: 'value' }

/** How each member of the contract is called; a member added to the contract does not compile until it stands here. */
const shapes: { readonly [M in keyof Backend]-?: Shape<M> } = {
  scheme: { kind: 'value' },
  capabilities: { kind: 'value' },
  capabilitiesAt: { kind: 'value' },
  cacheScope: { kind: 'value' },
  serviceHealth: { kind: 'value' },
  storedAt: { kind: 'value' },
  stat: { kind: 'call', optionsAt: 1 },
  read: { kind: 'call', optionsAt: 1 },
  write: { kind: 'call', optionsAt: 2 },
  delete: { kind: 'call', optionsAt: 1 },
  list: { kind: 'iteration', optionsAt: 1 },
  mkdir: { kind: 'call', optionsAt: 1 },
  setMetadata: { kind: 'call', optionsAt: 2 },
  append: { kind: 'call', optionsAt: 2 },
  rename: { kind: 'call', optionsAt: 2 },
  copy: { kind: 'call', optionsAt: 2 },
  copyFrom: { kind: 'call', optionsAt: 2 },
  batch: { kind: 'call', optionsAt: 1 },
  versions: { kind: 'iteration', optionsAt: 1 },
  snapshot: { kind: 'call', optionsAt: 2 },
  snapshots: { kind: 'iteration', optionsAt: 1 },
  deleteSnapshot: { kind: 'call', optionsAt: 2 },
  changes: { kind: 'iteration', optionsAt: 1 },
  search: { kind: 'iteration', optionsAt: 2 },
  presign: { kind: 'call', optionsAt: 1 },
  usage: { kind: 'call', optionsAt: 1 },
  close: { kind: 'value' },
}

/** A verb with its arguments not yet given. */
export type Invoke<R> = (...args: readonly unknown[]) => R

/** What a layer puts around the verbs: each gets the verb's name and how to call the inner one. */
interface MemberWrappers {
  readonly call: (member: CallMember, invoke: Invoke<Promise<unknown>>) => Invoke<Promise<unknown>>
  readonly iteration: (member: IterationMember, invoke: Invoke<AsyncIterable<unknown>>) => Invoke<AsyncIterable<unknown>>
  /** Told when `close` is called, before the inner backend is. */
  readonly onClose?: (() => void) | undefined
}

/** A backend whose verbs are wrapped one like the other; what it tells of itself is passed on, and absent members stay absent. */
export function wrapMembers(inner: Backend, wrappers: MemberWrappers): Backend {
  const running = createRunning()
  const property = { enumerable: true, configurable: true, writable: true }
  const wrapped: Record<string, PropertyDescriptor> = { close: { ...property, value: () => closeAfter(running, inner, wrappers.onClose) } }
  for (const member of Object.keys(shapes) as (keyof Backend)[]) {
    const value: unknown = Reflect.get(inner, member)
    if (typeof value !== 'function') continue
    // `shapes` says again what the contract says: who gives a promise, and who an iteration.
    const invoke = value.bind(inner) as Invoke<never>
    if (isKind(member, 'call')) wrapped[member] = { ...property, value: running.counted(wrappers.call(member, invoke)) }
    else if (isKind(member, 'iteration')) wrapped[member] = { ...property, value: wrappers.iteration(member, invoke) }
  }
  // By descriptors and not by a spread: the capabilities of a backend made of backends are a getter, and stay one.
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(inner), ...wrapped }) as Backend
}

/** Counts the calls that a layer has not answered yet, which may be after the inner backend has. */
interface Running {
  counted(invoke: Invoke<Promise<unknown>>): Invoke<Promise<unknown>>
  /** Resolves when every call is answered. */
  idle(): Promise<void>
}

function createRunning(): Running {
  let count = 0
  const waiting: (() => void)[] = []
  const leave = (): void => {
    if (--count === 0) for (const resolve of waiting.splice(0)) resolve()
  }
  return {
    counted: (invoke) => (first, second, third) => {
      count++
      const answer = invoke(first, second, third)
      answer.then(leave, leave)
      return answer
    },
    idle: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
}

async function closeAfter(running: Running, inner: Backend, onClose: (() => void) | undefined): Promise<void> {
  onClose?.()
  await inner.close()
  await running.idle()
}

function isKind<K extends 'call' | 'iteration'>(member: keyof Backend, kind: K): member is K extends 'call' ? CallMember : IterationMember {
  return shapes[member].kind === kind
}

/** The options among a verb's arguments. */
export function optionsOf(member: CallMember | IterationMember, args: readonly unknown[]): CallOptions | undefined {
  return args[shapes[member].optionsAt] as CallOptions | undefined
}

/** The arguments with `signal` in the options. */
export function withSignal(member: CallMember | IterationMember, args: readonly unknown[], signal: AbortSignal): readonly unknown[] {
  const { optionsAt } = shapes[member]
  const given = args.slice(0, optionsAt)
  while (given.length < optionsAt) given.push(undefined)
  return [...given, { ...optionsOf(member, args), signal }]
}

/** The path that a call is about, for messages. */
export function pathOf(args: readonly unknown[]): string | undefined {
  return typeof args[0] === 'string' ? args[0] : undefined
}
