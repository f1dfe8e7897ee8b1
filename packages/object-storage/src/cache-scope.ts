import type { ObjectStore } from './object-store.ts'

/** The name under which a machine remembers what it was told of a store, in one layout, by whom it was asked. */
export function cacheScope({ identity, reader }: ObjectStore, layout: 'cas' | 'path'): string {
  return `${identity} ${reader} ${layout}`
}
