/** Where a file's bytes lie. */
export type TierSide = 'hot' | 'cold'

/** An etag as the redirect tells it: those of its two storages never look alike. */
export function toTierEtag(side: TierSide, etag: string): string {
  return `${side}-${etag}`
}

/** The storage's own etag; `undefined` for one that this side never told. */
export function fromTierEtag(side: TierSide, etag: string): string | undefined {
  return etag.startsWith(`${side}-`) ? etag.slice(side.length + 1) : undefined
}
