import type { Database } from 'better-sqlite3'

interface ScopeRow {
  readonly scope: string
  readonly labels: string
  readonly stats: number
  readonly listings: number
  readonly listingEntries: number | null
  readonly hits: number
  readonly misses: number
}

/** What is kept, by scope. */
export function listScopes(database: Database): (Omit<ScopeRow, 'labels' | 'listingEntries'> & { readonly labels: readonly string[]; readonly listingEntries: number })[] {
  const rows = database.prepare<[], ScopeRow>(
    `SELECT scope, labels, hits, misses, (SELECT count(*) FROM stats WHERE scope = scopes.id) AS stats,
      (SELECT count(*) FROM listings WHERE scope = scopes.id AND complete = 1) AS listings,
      (SELECT sum(entries) FROM listings WHERE scope = scopes.id AND complete = 1) AS listingEntries FROM scopes`,
  )
  return rows.all().map((row) => ({ ...row, labels: JSON.parse(row.labels) as string[], listingEntries: row.listingEntries ?? 0 }))
}

/** Forgets what is kept of a scope; answers that are under way are not kept either. Its row stays, because open connections know its number. */
export function clearScope(database: Database, scope: string): void {
  database.transaction(() => {
    const { id } = database.prepare<[string], { id: number }>('SELECT id FROM scopes WHERE scope = ?').get(scope) ?? {}
    if (id === undefined) return
    for (const table of ['stats', 'listings'] as const) database.prepare(`DELETE FROM ${table} WHERE scope = ?`).run(id)
    database.prepare('UPDATE generations SET value = value + 1 WHERE scope = ?').run(id)
    // The slot of whole trees, which every question watches, also where nothing was ever changed.
    database.prepare('INSERT INTO generations VALUES (?, -1, 1) ON CONFLICT DO UPDATE SET value = value + 1').run(id)
    database.prepare('UPDATE scopes SET hits = 0, misses = 0 WHERE id = ?').run(id)
  }).immediate()
}
