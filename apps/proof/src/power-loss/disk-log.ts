/** A file's identity, whatever its names. */
export type Inode = number

/** What a name in a directory stands for; `undefined` when the name is taken away. */
export type Target = { readonly inode: Inode } | 'directory' | undefined

/** What happened to the files below a root, in the order of memory. A disk keeps of it what was synced, and of the rest what it likes. */
export type DiskEvent =
  | { readonly kind: 'data'; readonly inode: Inode; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly inode: Inode; readonly length: number }
  | { readonly kind: 'entries'; readonly directory: string; readonly changes: readonly (readonly [name: string, target: Target])[] }
  /** What came before event `upTo` for this file or directory is on disk. */
  | { readonly kind: 'sync'; readonly of: Inode | string; readonly upTo: number }

/** A log, and what stands where while it is written. */
export class DiskLog {
  readonly events: DiskEvent[] = []
  readonly #names = new Map<string, Inode>()
  readonly #open = new Map<number, Inode | string>()
  #inodes = 0

  /** Makes the file of a path known, or gives the one that is. @returns Whether it is new. */
  create(path: string): boolean {
    if (this.#names.has(path)) return false
    this.#names.set(path, ++this.#inodes)
    this.entries(path, { inode: this.#inodes })
    return true
  }

  inode(path: string): Inode | undefined {
    return this.#names.get(path)
  }

  opened(fd: number, path: string): void {
    this.#open.set(fd, this.#names.get(path) ?? path)
  }

  closed(fd: number): void {
    this.#open.delete(fd)
  }

  /** What a descriptor stands for: a file, or a directory by its path. */
  of(fd: number): Inode | string {
    const known = this.#open.get(fd)
    if (known === undefined) throw new Error(`Descriptor ${fd} was not opened here.`)
    return known
  }

  /** The file of a descriptor. */
  file(fd: number): Inode {
    const known = this.of(fd)
    if (typeof known === 'string') throw new Error(`Descriptor ${fd} is the directory ${known}.`)
    return known
  }

  /** Gives a name to something, or takes it away. */
  entries(path: string, target: Target): void {
    this.events.push({ kind: 'entries', directory: parentOf(path), changes: [[nameOf(path), target]] })
  }

  link(from: string, to: string): void {
    const inode = this.#required(from)
    this.#names.set(to, inode)
    this.entries(to, { inode })
  }

  unlink(path: string): void {
    this.#names.delete(path)
    this.entries(path, undefined)
  }

  /** Within one directory it is one change; between two, the disk may keep either half. */
  rename(from: string, to: string): void {
    const inode = this.#required(from)
    this.#names.delete(from)
    this.#names.set(to, inode)
    if (parentOf(from) === parentOf(to)) {
      this.events.push({ kind: 'entries', directory: parentOf(to), changes: [[nameOf(from), undefined], [nameOf(to), { inode }]] })
      return
    }
    this.entries(to, { inode })
    this.entries(from, undefined)
  }

  #required(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new Error(`${path} was not made here.`)
    return inode
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
