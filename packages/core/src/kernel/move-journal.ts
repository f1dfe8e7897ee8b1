import type { CallOptions } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'

/** One end of a move, told by its storage and never by where that is mounted. */
export interface MoveEnd {
  /** Names the storage, without secrets. */
  readonly storage: string
  /** As the storage's backend knows it. */
  readonly path: Path
}

/** What is moved and where to: who asks for the same again goes on with it. */
export interface MoveEnds {
  readonly from: MoveEnd
  readonly to: MoveEnd
}

/** A file that arrived and was verified. */
export interface CopiedFile {
  /** Below the ends of the move; empty for the moved file itself. */
  readonly path: string
  readonly sourceEtag: string
  readonly targetEtag: string
}

/** What is known of one move that is under way. Nobody else has it meanwhile. */
export interface MoveRecord {
  /** Whether an earlier attempt did not come to its end; of a directory, whether what stands at the target comes of it. */
  readonly isResumed: boolean
  /** What an earlier attempt copied, deleted at the source or not. */
  find(path: string): CopiedFile | undefined
  /** Of a directory: nothing stands at the target, and what will comes of this move. Resolves when a power cut can no longer make it unknown. */
  begun(): Promise<void>
  /** Resolves when the death of this process can no longer make it unknown. */
  copied(file: CopiedFile): Promise<void>
  /** As {@link MoveRecord.copied}. */
  deleted(path: string): Promise<void>
  /** What was copied last of each path and is not deleted yet, in the order in which it was copied. */
  copies(): AsyncIterable<CopiedFile>
  /** The move is done: nothing of it is kept. */
  finish(): Promise<void>
  /** The move is given up for now: what is known of it stays for the next attempt, and nothing of one that did not begin. */
  release(): Promise<void>
}

/** Where moves between mounts are written down, so that who is killed can go on. */
export interface MoveJournal {
  /** @throws NexusError `busy` while another process does the same move */
  open(ends: MoveEnds, options: CallOptions & { readonly kind: 'file' | 'directory' }): Promise<MoveRecord>
  /** As {@link MoveJournal.open}, and `undefined` where no earlier attempt left anything. */
  resume(ends: MoveEnds, options: CallOptions): Promise<MoveRecord | undefined>
}

/** What is remembered while this process lives: for storages without a name. */
export function rememberMove(): MoveRecord {
  const copies = new Map<string, CopiedFile>()
  const forget = (): Promise<void> => {
    copies.clear()
    return Promise.resolve()
  }
  return {
    isResumed: false,
    find: () => undefined,
    begun: () => Promise.resolve(),
    copied: (file) => Promise.resolve(void copies.set(file.path, file)),
    deleted: () => Promise.resolve(),
    async *copies() {
      await Promise.resolve()
      yield* copies.values()
    },
    finish: forget,
    release: forget,
  }
}
