import { memoryError, type Place, toEtag, type TreeNode } from './state.ts'

/** Conditions on what stands at a place now. @throws NexusError `precondition_failed` */
export function checkConditions(
  node: TreeNode | undefined,
  conditions: { readonly ifMatch?: string | undefined; readonly ifNoneMatch?: '*' | undefined },
  place: Place,
): void {
  if (conditions.ifNoneMatch !== undefined && node !== undefined) {
    throw memoryError('precondition_failed', place, 'Something is there already, and ifNoneMatch asks for nothing.')
  }
  if (conditions.ifMatch === undefined) return
  const etag = node?.kind === 'file' ? toEtag(node.state) : undefined
  if (etag !== conditions.ifMatch) throw memoryError('precondition_failed', place)
}
