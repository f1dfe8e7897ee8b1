import { linkSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Files that every view shares by a link of its own, because they are not opened through a symbolic one. */
const sharedFiles = ['nexus.json', 'head']

/**
 * Takes the lock of a repository away without a word in the product: a directory in which everything leads to the repository, except `lock.db`. Who
 * opens this takes a lock that nobody else knows.
 * @param root A repository with at least one commit.
 * @returns The directory.
 */
export function createLocklessView(root: string, name: string): string {
  const view = `${root}-${name}`
  mkdirSync(view)
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isDirectory()) symlinkSync(join(root, entry.name), join(view, entry.name))
    else if (sharedFiles.includes(entry.name)) linkSync(join(root, entry.name), join(view, entry.name))
  }
  return view
}
