/** What a failure of SQLite or of the file below it means for a cache. */
type DatabaseFailure = 'busy' | 'damaged' | 'moved' | 'unusable'

/** @returns `undefined` for an error that is no failure of the database: a mistake of ours, which must be seen */
export function databaseFailure(error: unknown): DatabaseFailure | undefined {
  // Text in the tables is ours: what cannot be read was changed by something else.
  if (error instanceof SyntaxError) return 'damaged'
  if (isBusy(error)) return 'busy'
  const code = errorCode(error)
  // Somebody deleted the file that is open, and maybe another one stands in its place.
  if (code === 'SQLITE_READONLY_DBMOVED') return 'moved'
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_ERROR')) return 'damaged'
  return /^(?:SQLITE_|E[A-Z]|unavailable$)/.test(code) || isMissingDirectory(error) ? 'unusable' : undefined
}

/** SQLite's own word, and that of whoever waited for it in vain. */
function isBusy(error: unknown): boolean {
  const code = errorCode(error)
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || code === 'busy'
}

/** Of better-sqlite3, which looks by itself before it opens a file, and says so without a code. */
function isMissingDirectory(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes('directory does not exist')
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
