import { type DurableOptions, type JournalEntry, type JournalPosition, type MaybePromise, NexusError, recordFlagFsync, whenReady } from '@nexus/core/contract'
import type { JournalContext, WriteTarget } from './context.ts'
import { allEntriesAfter, toEntry } from './entries.ts'
import { corrupt } from './errors.ts'
import type { Head } from './head.ts'
import { announced, duringHold } from './hold.ts'
import { recover, writtenSegment } from './recover.ts'
import { forgetTarget, openTarget, roll } from './roll.ts'
import { crcOf } from './scan.ts'
import { seal } from './seal.ts'
import { segmentHeaderBytes } from './segment.ts'

/** What the caller of `append` gives. */
export interface AppendRequest {
  readonly from: JournalPosition
  readonly prepare: (newer: readonly JournalEntry[]) => MaybePromise<readonly Uint8Array[]>
  readonly options: DurableOptions
}

/** Written at once when it is smaller; larger groups leave the event loop free. */
const inlineWriteBytes = 256 * 1024
const ahead = new Uint8Array(4)

/** One turn to commit, under the lock; over at once when nothing is to be waited for. @returns An entry for each record. */
export function appendUnderLock(context: JournalContext, request: AppendRequest): MaybePromise<readonly JournalEntry[]> {
  const { from, prepare } = request
  return whenReady(looksCurrent(context) ?? recoverSlowly(context, from.sequence), (head) => {
    if (from.sequence > head.sequence) throw corrupt(context.layout.journal, `The journal ends with commit ${head.sequence}, but commit ${from.sequence} is asked to be its last.`)
    return whenReady(head.sequence === from.sequence ? [] : allEntriesAfter(context, from, head), (newer) => {
      const records = prepare(newer)
      return whenReady(records instanceof Promise ? announced(context, records) : records, (ready) => appendRecords(context, ready, { head, request }))
    })
  })
}

function appendRecords(context: JournalContext, records: readonly Uint8Array[], { head, request }: { head: Head; request: AppendRequest }): MaybePromise<readonly JournalEntry[]> {
  const { options } = request
  if (records.length === 0) return []
  checkNumbers(context, records, { head, options })
  const bytes = records.length === 1 ? (records[0] as Uint8Array) : Buffer.concat(records)
  return whenReady(fits(context, head, bytes.length) ?? makeRoom(context, head, bytes.length), (room) =>
    write(context, { target: room.target, head: room.head, records, bytes, durability: options.durability }),
  )
}

/** Makes everything published durable. Under the lock. */
export async function syncUnderLock(context: JournalContext): Promise<void> {
  const head = looksCurrent(context) ?? (await recoverSlowly(context, 0))
  if (head.next !== 0 || head.segment === 0 || head.synced === head.offset) return
  const target = context.target ?? openTarget(context, head)
  context.lock.announce()
  try {
    await context.environment.files.fdatasync(target.fd)
  } catch (error) {
    throw await seal(context, head, error)
  }
  context.head.write({ ...head, synced: head.offset })
}

interface Group {
  readonly target: WriteTarget
  readonly head: Head
  readonly records: readonly Uint8Array[]
  /** All records, one behind the other. */
  readonly bytes: Uint8Array
  readonly durability: DurableOptions['durability']
}

/** The head, when it and the written segment are as this process left them: one read each. */
function looksCurrent({ head: file, target, environment }: JournalContext): Head | undefined {
  const head = file.read()
  if (head?.sameBoot !== true || head.sealed || target?.generation !== head.generation || target.segment !== writtenSegment(head)) return undefined
  const offset = writeOffset(head)
  if (offset + ahead.length > target.sizeBytes) return undefined
  const count = environment.files.read(target.fd, ahead, 0, ahead.length, offset)
  return count === ahead.length && ahead.every((value) => value === 0) ? head : undefined
}

function recoverSlowly(context: JournalContext, atLeast: number): Promise<Head> {
  forgetTarget(context)
  return duringHold(context, () => recover(context, atLeast))
}

function writeOffset(head: Head): number {
  return head.next === 0 ? head.offset : segmentHeaderBytes
}

function fits(context: JournalContext, head: Head, length: number): { target: WriteTarget; head: Head } | undefined {
  const { target } = context
  return target !== undefined && writeOffset(head) + length <= target.sizeBytes ? { target, head } : undefined
}

async function makeRoom(context: JournalContext, head: Head, length: number): Promise<{ target: WriteTarget; head: Head }> {
  const rolled = await duringHold(context, () => roll(context, head, { bytes: length, grow: true }))
  return { target: openTarget(context, rolled), head: rolled }
}

function write(context: JournalContext, group: Group): MaybePromise<readonly JournalEntry[]> {
  const { environment } = context
  const { target, head, bytes, durability } = group
  const offset = writeOffset(head)
  if (durability === 'fsync' || bytes.length > inlineWriteBytes) return writeAway(context, group, offset)
  try {
    checkWhole(context, environment.files.write(target.fd, bytes, 0, bytes.length, offset), bytes.length)
    environment.onStep?.('after-write')
  } catch (error) {
    return sealed(context, head, error)
  }
  return publish(context, group, offset)
}

/** The event loop goes on while a large group is written, and while it is synced. */
async function writeAway(context: JournalContext, group: Group, offset: number): Promise<readonly JournalEntry[]> {
  const { environment: { files, onStep } } = context
  const { target, head, bytes, durability } = group
  try {
    const length = bytes.length <= inlineWriteBytes
      ? files.write(target.fd, bytes, 0, bytes.length, offset)
      : await duringHold(context, () => files.writeAway(target.fd, bytes, 0, bytes.length, offset))
    checkWhole(context, length, bytes.length)
    onStep?.('after-write')
    if (durability === 'fsync') await duringHold(context, () => files.fdatasync(target.fd))
    onStep?.('after-sync')
  } catch (error) {
    return sealed(context, head, error)
  }
  return publish(context, group, offset)
}

async function sealed(context: JournalContext, head: Head, error: unknown): Promise<never> {
  throw await seal(context, head, error)
}

function checkWhole({ layout }: JournalContext, written: number, length: number): void {
  if (written === length) return
  throw new NexusError('no_space', { op: 'commit', path: layout.journal, backend: 'local', reason: `Only ${written} of ${length} bytes were written; the disk is full.` })
}

function publish(context: JournalContext, { target, head, records, durability }: Group, offset: number): readonly JournalEntry[] {
  const entries: JournalEntry[] = []
  let at = offset
  for (const record of records) {
    entries.push(toEntry(context.codec, record, { segment: target.segment, offset: at }) as JournalEntry)
    at += record.length
  }
  const before = head.next === 0 ? head.synced : segmentHeaderBytes
  const sequence = head.sequence + records.length
  try {
    context.head.write({
      sequence,
      segment: target.segment,
      offset: at,
      synced: durability === 'fsync' ? at : before,
      next: 0,
      sealed: false,
      generation: head.generation,
      recordCrc: crcOf(records.at(-1) as Uint8Array),
    })
  } catch (error) {
    throw new NexusError('outcome_unknown', {
      op: 'commit',
      path: context.layout.head,
      backend: 'local',
      cause: error,
      reason: `Commit ${sequence} is in the journal, but its publication failed: the next commit publishes it. Read before you repeat.`,
    })
  }
  context.environment.onStep?.('after-publish')
  return entries
}

function checkNumbers({ codec, layout }: JournalContext, records: readonly Uint8Array[], { head, options }: { head: Head; options: DurableOptions }): void {
  for (const [index, record] of records.entries()) {
    const found = codec.prelude(record)
    const isHonest = options.durability === 'fsync' || ((found?.flags ?? 0) & recordFlagFsync) === 0
    if (found?.sequence === head.sequence + 1 + index && found.recordBytes === record.length && isHonest) continue
    throw new NexusError('unexpected', {
      op: 'commit',
      path: layout.journal,
      backend: 'local',
      reason: `Record ${index} of the group must be commit ${head.sequence + 1 + index}, whole, and flagged fsync only where that is asked; it says ${JSON.stringify(found)}.`,
    })
  }
}
