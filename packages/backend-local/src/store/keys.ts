import { join } from 'node:path'
import { NexusError } from '@nexus/core/contract'

const shape = /^(?:cas\/[0-9a-f]{2}\/[0-9a-f]+(?:\.\d+)?|(?:packs|checkpoints|pins|quarantine)\/[A-Za-z0-9][A-Za-z0-9._~-]*)$/

/** Whether a key is one that a repository uses; files of other names below the same directories are nobody's. */
export function isKey(key: string): boolean {
  return shape.test(key)
}

/** Place of a key on disk. @throws NexusError `invalid_argument` for what is no key */
export function keyPath(root: string, key: string): string {
  if (!isKey(key)) throw new NexusError('invalid_argument', { op: 'content', path: key, backend: 'local', reason: 'A key is cas/<aa>/<hex>, packs/<id>, checkpoints/<id>, pins/<id> or quarantine/<name>.' })
  return join(root, key)
}
