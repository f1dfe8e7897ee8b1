/** A layout as people read it. */
export function layoutName(layout: 'cas' | 'path' | undefined): string {
  if (layout === undefined) return '-'
  return layout === 'cas' ? 'repository' : 'plain files'
}
