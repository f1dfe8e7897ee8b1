import type Database from 'better-sqlite3'
import type { CallOptions } from '../../contract/backend.ts'
import type { Operation } from '../commit.ts'
import type { Repository } from '../context.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { createPace, type Pace } from './pace.ts'
import { copyLiveFiles, forgettablePlaces, forgettableVersions, type RetentionRule } from './retention-rule.ts'
import { Trail } from './trail.ts'

/** How long history is kept. */
export interface RetentionOptions extends CallOptions {
  /** Newest versions of a file that are kept, its present one counted; default 100. */
  readonly keepVersions?: number | undefined
  /** How long a version is kept after it was replaced, and a place after it was left, in milliseconds; default 30 days. */
  readonly keepMs?: number | undefined
  /** Called after each commit with what was let go so far. */
  readonly onProgress?: ((progress: RetentionReport) => void) | undefined
}

/** What retention let go. */
export interface RetentionReport {
  readonly versions: number
  /** Places of files and directories that were deleted or moved. */
  readonly entries: number
}

const keptVersions = 100
const keptMs = 30 * 24 * 60 * 60 * 1000
const operationsPerCommit = 512
const versionsPerCommit = 8192

/**
 * Lets versions go that were replaced longer ago than `keepMs` or are beyond the newest `keepVersions`, and places that were left longer ago. The
 * newest version of a file that exists never goes, nor does anything of the repository as it was when a named snapshot was taken.
 * @throws NexusError `read_only`
 */
export async function applyRetention(repository: Repository, options: RetentionOptions = {}): Promise<RetentionReport> {
  const { signal } = options
  const report = await withIndexSnapshot(repository, signal, async ({ database, head }) => {
    const rule = ruleOf(database, repository.now(), options)
    const forget = new Forgetter(new Trail(repository, { from: head, author: 'retention' }), options)
    const pace = createPace(signal)
    await copyLiveFiles(database, pace)
    await forgetAll(forget, { rule, database, pace })
    return forget.report
  })
  return report ?? { versions: 0, entries: 0 }
}

function ruleOf(database: Database.Database, now: number, { keepVersions = keptVersions, keepMs = keptMs }: RetentionOptions): RetentionRule {
  const snapshots = database.prepare<[], { sequence: number }>('SELECT DISTINCT sequence FROM snapshots ORDER BY sequence').all()
  return { keepVersions: Math.max(1, keepVersions), before: now - keepMs, snapshots: snapshots.map(({ sequence }) => sequence) }
}

async function forgetAll(forget: Forgetter, { rule, database, pace }: { rule: RetentionRule; database: Database.Database; pace: Pace }): Promise<void> {
  for (const { node, versions } of forgettableVersions(database, rule)) {
    for (let at = 0; at < versions.length; at += versionsPerCommit) {
      const some = versions.slice(at, at + versionsPerCommit)
      await forget.add({ op: 'forget', node, versions: some }, { versions: some.length })
    }
    await pace()
  }
  for (const place of forgettablePlaces(database, rule)) {
    await forget.add({ op: 'forget-entry', ...place }, { entries: 1 })
    await pace()
  }
  await forget.flush()
}

/** Commits in steps of bounded size. */
class Forgetter {
  report: RetentionReport = { versions: 0, entries: 0 }
  #operations: Operation[] = []
  #counted = { versions: 0, entries: 0 }
  readonly #trail: Trail
  readonly #options: RetentionOptions

  constructor(trail: Trail, options: RetentionOptions) {
    this.#trail = trail
    this.#options = options
  }

  async add(operation: Operation, { versions = 0, entries = 0 }: Partial<RetentionReport>): Promise<void> {
    this.#operations.push(operation)
    this.#counted = { versions: this.#counted.versions + versions, entries: this.#counted.entries + entries }
    if (this.#operations.length >= operationsPerCommit || this.#counted.versions >= versionsPerCommit) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#operations.length === 0) return
    const operations = this.#operations
    await this.#trail.commit(() => ({ operations }), this.#options.signal)
    this.report = { versions: this.report.versions + this.#counted.versions, entries: this.report.entries + this.#counted.entries }
    this.#operations = []
    this.#counted = { versions: 0, entries: 0 }
    this.#options.onProgress?.(this.report)
  }
}
