import type { FaultAction, HttpDouble } from '@nexus/doubles'

type HttpRequest = Parameters<NonNullable<Parameters<HttpDouble['faults']['add']>[0]['when']>>[0]

/** What a request of a repository is about; the moments at which a writer is killed. */
export const requestKinds = ['commit', 'content', 'descriptor', 'checkpoint', 'pack', 'deletion', 'clock'] as const
/** One of {@link requestKinds}. */
export type RequestKind = (typeof requestKinds)[number]

/** The service kills its clients when the `nth` request of a kind comes: before it looks at it, or when it has done it and before it answers. */
export interface BucketDeath {
  readonly during: RequestKind
  readonly moment: 'before' | 'after'
  readonly nth: number
}

const keys: Readonly<Record<Exclude<RequestKind, 'deletion'>, RegExp>> = {
  commit: /[/=]journal\/\d{20}/,
  content: /[/=]cas\/[0-9a-f]{2}\/[0-9a-f]/,
  descriptor: /[/=]nexus\.json/,
  checkpoint: /[/=]checkpoints\/\d/,
  pack: /[/=]packs\/[0-9a-z]/,
  clock: /[/=]nexus-clock-[0-9a-f]/,
}

/** Writes alone: reading leaves nothing behind. */
function isOfKind({ method, target, body }: HttpRequest, kind: RequestKind): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  const isDeletion = method === 'DELETE' || /[?&]delete(?:=|&|$)/.test(target) || target.startsWith('/batch/')
  if (kind === 'deletion') return isDeletion
  // An upload to GCS names its object in the body, before the bytes.
  return !isDeletion && keys[kind].test(decodeURIComponent(target) + Buffer.from(body.subarray(0, 1000)).toString('latin1'))
}

/** Arms the service. @returns Whether it came to that, when asked */
export function killAt({ faults }: HttpDouble, { during, moment, nth }: BucketDeath, kill: () => void): () => boolean {
  let seen = 0
  let hasStruck = false
  const when = (request: HttpRequest): boolean => {
    if (hasStruck || !isOfKind(request, during) || ++seen !== nth) return false
    hasStruck = true
    kill()
    return true
  }
  const action: FaultAction = moment === 'before' ? { kind: 'refuse' } : { kind: 'lose' }
  faults.add({ when, action })
  return () => hasStruck
}
