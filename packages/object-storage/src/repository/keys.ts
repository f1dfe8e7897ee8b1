import { NexusError } from '@nexus/core/contract'

const shape = /^(?:cas\/[0-9a-f]{2}\/[0-9a-f]+(?:\.\d+)?|(?:packs|checkpoints|pins|quarantine)\/[A-Za-z0-9][A-Za-z0-9._~-]*)$/

/** Whether a key is one that a repository uses for contents; other objects are nobody's. */
export function isContentKey(key: string): boolean {
  return shape.test(key)
}

/** @throws NexusError `invalid_argument` for what is no key of a content */
export function checkContentKey(key: string): void {
  if (isContentKey(key)) return
  throw new NexusError('invalid_argument', { op: 'content', path: key, reason: 'A key is cas/<aa>/<hex>, packs/<id>, checkpoints/<id>, pins/<id> or quarantine/<name>.' })
}
