import type { Usage } from '@nexus/core/contract'
import type { MemoryState, Place, TreeNode } from './state.ts'
import { requireNode } from './tree.ts'

/** Counts what is at and below a path; the directory itself is not counted. */
export function usage(state: MemoryState, place: Place): Usage {
  const node = requireNode(state, place)
  const total = count(node)
  return node.kind === 'directory' ? { ...total, directories: total.directories - 1 } : total
}

function count(node: TreeNode): Usage {
  if (node.kind === 'file') return { files: 1, directories: 0, logicalBytes: node.state.bytes.length }
  let total: Usage = { files: 0, directories: 1, logicalBytes: 0 }
  for (const child of node.entries.values()) {
    const { files, directories, logicalBytes } = count(child)
    total = { files: total.files + files, directories: total.directories + directories, logicalBytes: total.logicalBytes + logicalBytes }
  }
  return total
}
