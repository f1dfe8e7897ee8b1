import type { Backend } from '@nexus/core/contract'
import { rootPath } from '@nexus/core/contract'
import { type CaseContext, type ContractCase, skip, SkippedCase } from './case.ts'

/** A backend and how to be rid of it. */
export interface OpenedBackend {
  readonly backend: Backend
  /** Removes the storage, after the backend was closed. */
  readonly dispose?: (() => Promise<void> | void) | undefined
}

/** How the suite gets at backends. */
export interface CaseOptions<O extends Backend | OpenedBackend = Backend | OpenedBackend> {
  /** Opens an empty storage that nobody else uses; called once for each case. */
  readonly open: () => Promise<O> | O
  /** Opens once more the storage that `open` gave, after its backend was closed; without it the case about reopening is skipped. */
  readonly reopen?: ((opened: O) => Promise<Backend> | Backend) | undefined
  /** Entries that make a listing longer than one page of the storage; default 300. */
  readonly pageEntries?: number | undefined
  /** A case that has not ended by then has failed, in milliseconds; default 10,000. */
  readonly patienceMs?: number | undefined
}

/** How a case that did not fail ended. */
export type CaseResult = { readonly status: 'passed' } | { readonly status: 'skipped'; readonly reason: string }

/**
 * Runs one case against a fresh backend, without any test framework.
 * @throws What the backend did wrong; also when it did not settle in time.
 */
export async function runCase<O extends Backend | OpenedBackend>(contractCase: ContractCase, options: CaseOptions<O>): Promise<CaseResult> {
  const opened = await options.open()
  const backends = [backendOf(opened)]
  const patienceMs = options.patienceMs ?? 10_000
  try {
    return await ask(contractCase, toContext(opened, backends, options), patienceMs)
  } finally {
    for (const backend of backends) await inTime(backend.close(), patienceMs)
    if ('backend' in opened) await opened.dispose?.()
  }
}

function backendOf(opened: Backend | OpenedBackend): Backend {
  return 'backend' in opened ? opened.backend : opened
}

function toContext<O extends Backend | OpenedBackend>(opened: O, backends: Backend[], options: CaseOptions<O>): CaseContext {
  const backend = backendOf(opened)
  const reopen = async (): Promise<Backend> => {
    if (options.reopen === undefined) return skip('The suite was given no `reopen`.')
    await backend.close()
    const again = await options.reopen(opened)
    backends.push(again)
    return again
  }
  return {
    backend,
    capabilities: backend.capabilitiesAt?.(rootPath) ?? backend.capabilities,
    pageEntries: options.pageEntries ?? 300,
    reopen,
  }
}

async function ask(contractCase: ContractCase, context: CaseContext, patienceMs: number): Promise<CaseResult> {
  if (context.capabilities.readonly && !contractCase.fitsReadonly) return { status: 'skipped', reason: 'The backend is read-only.' }
  try {
    await inTime(contractCase.run(context), patienceMs)
    return { status: 'passed' }
  } catch (error) {
    if (error instanceof SkippedCase) return { status: 'skipped', reason: error.message }
    throw error
  }
}

async function inTime<T>(work: Promise<T>, patienceMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The case did not end within ${patienceMs} ms.`)), patienceMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
