import type { Database } from 'better-sqlite3'

/** Older answers serve nobody: mounts that believe one for longer ask once a day. */
const keptMs = 24 * 3_600_000
/** A listing that is not complete after so long lost its writer. */
const unfinishedMs = 3_600_000
/** Rows at most, over all scopes: some 100 MB of stats, as much of listings. */
const maxStats = 300_000
const maxEntries = 500_000
const maxLabels = 8

/** The scope's number, made when it is new. */
export function scopeId(database: Database, scope: string): number {
  const find = database.prepare<[string], { id: number }>('SELECT id FROM scopes WHERE scope = ?')
  const found = find.get(scope)
  if (found !== undefined) return found.id
  database.prepare('INSERT OR IGNORE INTO scopes (scope) VALUES (?)').run(scope)
  return find.get(scope)?.id ?? 0
}

/** Keeps the last names that a person had for the storage. */
export function addLabel(database: Database, scope: string, label: string): void {
  const id = scopeId(database, scope)
  database.transaction(() => {
    const { labels = '[]' } = database.prepare<[number], { labels: string }>('SELECT labels FROM scopes WHERE id = ?').get(id) ?? {}
    const known = JSON.parse(labels) as string[]
    if (known[0] === label) return
    const kept = [label, ...known.filter((one) => one !== label)].slice(0, maxLabels)
    database.prepare('UPDATE scopes SET labels = ? WHERE id = ?').run(JSON.stringify(kept), id)
  }).immediate()
}

/** Lets go what is old, what was seen in the future, what nobody will finish, and what is too much. @param now Milliseconds since the epoch */
export function pruneMetadata(database: Database, now: number): void {
  database.transaction(() => {
    for (const table of ['stats', 'listings'] as const) database.prepare(`DELETE FROM ${table} WHERE seenAt < ? OR seenAt > ?`).run(now - keptMs, now)
    database.prepare('DELETE FROM listings WHERE complete = 0 AND seenAt < ?').run(now - unfinishedMs)
    database.prepare('DELETE FROM stats WHERE seenAt < (SELECT seenAt FROM stats ORDER BY seenAt DESC LIMIT 1 OFFSET ?)').run(maxStats)
    let entries = 0
    const drop = database.prepare('DELETE FROM listings WHERE id = ?')
    const all = database.prepare<[], { id: number; entries: number }>('SELECT id, entries FROM listings ORDER BY seenAt DESC').all()
    for (const listing of all) {
      entries += listing.entries
      if (entries > maxEntries) drop.run(listing.id)
    }
  }).immediate()
}
