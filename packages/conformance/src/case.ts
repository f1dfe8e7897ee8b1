import type { Backend, Capabilities } from '@nexus/core/contract'

/** What a case gets: a backend with nothing in it, and what the suite was told about it. */
export interface CaseContext {
  /** Empty, and private to this case. */
  readonly backend: Backend
  /** What the backend declares at its root. */
  readonly capabilities: Capabilities
  /** How many entries make a listing longer than the storage's page. */
  readonly pageEntries: number
  /** Closes the backend and opens the same storage again. */
  readonly reopen: () => Promise<Backend>
}

/** One sentence of `docs/contract.md` and the program that checks it. */
export interface ContractCase {
  /** The sentence, word for word. */
  readonly name: string
  /** Heading of the section that the sentence stands in. */
  readonly section: string
  /** Resolves when the backend keeps the sentence; rejects with what it did instead. */
  readonly run: (context: CaseContext) => Promise<unknown>
  /** Whether it can be asked of a backend that takes no writes. */
  readonly fitsReadonly: boolean
}

/** Thrown by a case that cannot be asked of a backend; shown as a skip with this reason. */
export class SkippedCase extends Error {
  override readonly name = 'SkippedCase'
}

/** Ends a case that has nothing to ask of this backend; everyone sees that it was skipped, and why. */
export function skip(reason: string): never {
  throw new SkippedCase(reason)
}

type Sentences = Readonly<Record<string, (context: CaseContext) => Promise<unknown>>>

/** The cases of one section, in the order of the page. */
export function section(
  title: string,
  sentences: Sentences,
  { fitsReadonly = false }: { readonly fitsReadonly?: boolean } = {},
): readonly ContractCase[] {
  return Object.entries(sentences).map(([name, run]) => ({ name, section: title, run, fitsReadonly }))
}
