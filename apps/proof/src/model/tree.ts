import type { Chunk, FileModel } from './body.ts'

/** Files by their path relative to the directory that the model describes. */
export type Tree = ReadonlyMap<string, FileModel>

/** Work that changes nothing that a reader sees. */
export type Upkeep = 'gc' | 'checkpoint' | 'compact'

/** One thing a writer does, and one commit, or {@link Upkeep}. */
export type Step =
  | { readonly op: 'write' | 'append'; readonly path: string; readonly chunk: Chunk }
  | { readonly op: 'rename' | 'copy'; readonly from: string; readonly to: string }
  | { readonly op: 'delete'; readonly path: string }
  | { readonly op: 'batch'; readonly writes: readonly { readonly path: string; readonly chunk: Chunk }[]; readonly remove: string | undefined }
  | { readonly op: Upkeep }

/** The tree after a step; `rename`, `copy` and `delete` take a file or a directory with all below it. */
export function applyStep(tree: Tree, step: Step): Tree {
  const after = new Map(tree)
  switch (step.op) {
    case 'write':
      after.set(step.path, [step.chunk])
      return after
    case 'append':
      after.set(step.path, [...(tree.get(step.path) ?? []), step.chunk])
      return after
    case 'delete':
      for (const path of pathsAt(tree, step.path)) after.delete(path)
      return after
    case 'batch':
      for (const { path, chunk } of step.writes) after.set(path, [chunk])
      if (step.remove !== undefined) after.delete(step.remove)
      return after
    case 'rename':
    case 'copy':
      return moved(tree, step)
    case 'gc':
    case 'checkpoint':
    case 'compact':
      return after
  }
}

/** The file of that path and the files below it. */
export function pathsAt(tree: Tree, path: string): string[] {
  return [...tree.keys()].filter((key) => key === path || key.startsWith(`${path}/`))
}

function moved(tree: Tree, { op, from, to }: { readonly op: 'rename' | 'copy'; readonly from: string; readonly to: string }): Tree {
  const after = new Map(tree)
  for (const path of pathsAt(tree, from)) {
    if (op === 'rename') after.delete(path)
    after.set(to + path.slice(from.length), tree.get(path) ?? [])
  }
  return after
}
