import type { Chunk } from './body.ts'
import type { Random } from './random.ts'
import { pathsAt, type Step, type Tree, type Upkeep } from './tree.ts'

const names = ['a', 'b', 'c', 'd', 'tree/a', 'tree/b', 'tree/deep/c']
/** Empty, inline, above the inline limit of 64 KiB. */
const sizes = [0, 10, 1000, 1000, 5000, 40_000, 100_000, 300_000]
/** Above one piece of 1 MiB, above one part of 8 MiB. */
const largeSizes = [1_500_000, 9_000_000]
/** Work that a maintaining writer does now and then. */
export const upkeep: readonly Upkeep[] = ['gc', 'checkpoint', 'compact']
const kinds = ['write', 'write', 'write', 'append', 'rename', 'copy', 'delete', 'batch', 'batch', 'renameTree', 'copyTree', 'deleteTree'] as const

/** How steps are narrowed. */
export interface StepChoice {
  /** Adds {@link upkeep}. */
  readonly maintenance?: boolean | undefined
  /** Only these kinds, where the tree allows them. */
  readonly only?: Step['op'] | undefined
  /** Largest body in bytes. */
  readonly largestBytes?: number | undefined
}

/** A step that succeeds on this tree. Chunks come from few seeds, so that writers meet in the same contents. */
export function chooseStep(random: Random, tree: Tree, { maintenance = false, only, largestBytes = 300_000 }: StepChoice = {}): Step {
  const chunk = (): Chunk => {
    const sizeBytes = random.chance(0.03) ? random.pick(largeSizes) : random.pick(sizes)
    return { seed: random.int(40), sizeBytes: Math.min(sizeBytes, largestBytes) }
  }
  const wanted = upkeep.find((op) => op === only)
  if (wanted !== undefined && tree.size > 0) return { op: wanted }
  if (maintenance && tree.size > 0 && random.chance(0.05)) return { op: random.pick(upkeep) }
  for (let attempt = 0; attempt < 50; attempt++) {
    const step = candidate(random, tree, chunk)
    if (step !== undefined && (only === undefined || step.op === only)) return step
  }
  return { op: 'write', path: random.pick(names), chunk: chunk() }
}

function candidate(random: Random, tree: Tree, chunk: () => Chunk): Step | undefined {
  const kind = random.pick(kinds)
  const files = [...tree.keys()].filter((path) => !path.startsWith('copy'))
  const file = files.length === 0 ? undefined : random.pick(files)
  const other = random.pick(names)
  switch (kind) {
    case 'write':
    case 'append':
      return { op: kind, path: other, chunk: chunk() }
    case 'rename':
    case 'copy':
      return file === undefined || file === other ? undefined : { op: kind, from: file, to: other }
    case 'delete':
      return file === undefined ? undefined : { op: 'delete', path: file }
    case 'batch':
      return { op: 'batch', writes: [{ path: 'a', chunk: chunk() }, { path: 'tree/b', chunk: chunk() }, { path: 'c', chunk: chunk() }], remove: tree.has('d') ? 'd' : undefined }
    default:
      return treeStep(tree, kind)
  }
}

function treeStep(tree: Tree, kind: 'renameTree' | 'copyTree' | 'deleteTree'): Step | undefined {
  const copies = [...new Set([...tree.keys()].filter((path) => path.startsWith('copy')).map((path) => path.split('/')[0] ?? ''))]
  const [first] = copies
  const free = ['copy1', 'copy2', 'copy3', 'copy4'].find((name) => !copies.includes(name))
  if (kind === 'deleteTree') return first === undefined ? undefined : { op: 'delete', path: first }
  if (free === undefined) return undefined
  if (kind === 'renameTree') return first === undefined ? undefined : { op: 'rename', from: first, to: free }
  return pathsAt(tree, 'tree').length === 0 ? undefined : { op: 'copy', from: 'tree', to: free }
}
