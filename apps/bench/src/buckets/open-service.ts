import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { nodeArguments } from '../workspace.ts'

/** What the process of a service is asked to do before it answers. */
export interface ServiceQuestion {
  /** Nothing; forget the requests so far; remove all objects; put so many objects into the bucket. */
  readonly kind: 'ask' | 'clear' | 'empty' | 'fill'
  readonly objects: number
}

/** What it answers, and says when it has started. */
export interface ServiceAnswer {
  readonly url: string
  /** Since the start or the last `clear`. */
  readonly requests: number
  /** The same by what they are. */
  readonly kinds: Readonly<Record<string, number>>
}

/** A service with a bucket named `bucket`, in a process of its own. */
export interface BucketService {
  readonly scheme: 's3' | 'gcs'
  /** Base URL, without a slash at its end. */
  readonly url: string
  readonly ask: (kind: ServiceQuestion['kind'], objects?: number) => Promise<ServiceAnswer>
  readonly close: () => Promise<void>
}

/** Whoever may use the services. */
export const serviceKeys = { accessKeyId: 'bench', secretAccessKey: 'bench' } as const

/** Starts a double that believes signatures and checksums: what it costs to check them is not the client's. */
export async function openService(scheme: BucketService['scheme']): Promise<BucketService> {
  const child = spawn(process.execPath, nodeArguments('bucket-service', [scheme]), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const { url } = await nextAnswer(child)
  return {
    scheme,
    url,
    ask: async (kind, objects = 0) => {
      const answer = nextAnswer(child)
      child.send({ kind, objects } satisfies ServiceQuestion)
      return await answer
    },
    close: async () => {
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
}

async function nextAnswer(child: ChildProcess): Promise<ServiceAnswer> {
  const stop = new AbortController()
  const answered = once(child, 'message', stop).then(([answer]) => answer as ServiceAnswer)
  const gone = once(child, 'exit', stop).then(([code]) => Promise.reject(new Error(`The service ended with ${String(code)}.`)))
  try {
    return await Promise.race([answered, gone])
  } finally {
    stop.abort()
  }
}
