/** The part of cacache that is measured; the package has no types of its own. */
declare module 'cacache' {
  const cacache: {
    put(cache: string, key: string, data: Uint8Array): Promise<unknown>
    get: {
      (cache: string, key: string): Promise<{ readonly data: Uint8Array }>
      info(cache: string, key: string): Promise<unknown>
    }
  }
  export default cacache
}
