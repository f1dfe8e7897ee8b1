import { type Backend, type BatchOperation, type FileContent, isNexusError, type Kernel, type Path, relativePath, relocateError, underPath } from '@nexus/core'

type VerbsOfKernel = Pick<Kernel, keyof Kernel & keyof Backend>

/** A directory of a backend as if it were a backend of its own, so that the suite can be asked of what lies below a mount point. */
export function rootedAt(inner: VerbsOfKernel, root: Path): VerbsOfKernel {
  const down = (path: Path): Path => underPath(root, path)
  const up = <T extends { readonly path: Path }>(told: T): T => ({ ...told, path: relativePath(told.path, root) })
  const retold = (error: unknown): unknown =>
    isNexusError(error) && error.path?.startsWith(root) === true ? relocateError(error, { path: relativePath(error.path as Path, root) }) : error
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      throw retold(error)
    }
  }
  async function* each<T extends { readonly path: Path }>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      for await (const item of items) yield up(item)
    } catch (error) {
      throw retold(error)
    }
  }
  const body = (content: FileContent): FileContent => ({
    ...content,
    stat: up(content.stat),
    bytes: () => call(() => content.bytes()),
    text: () => call(() => content.text()),
  })
  const downOperation = (operation: BatchOperation): BatchOperation =>
    'from' in operation ? { ...operation, from: down(operation.from), to: down(operation.to) } : { ...operation, path: down(operation.path) }
  return {
    scheme: inner.scheme,
    capabilities: inner.capabilitiesAt(root),
    capabilitiesAt: (path) => inner.capabilitiesAt(down(path)),
    stat: (path, options) => call(async () => up(await inner.stat(down(path), options))),
    read: (path, options) => call(async () => body(await inner.read(down(path), options))),
    write: (path, bytes, options) => call(async () => up(await inner.write(down(path), bytes, options))),
    delete: (path, options) => call(() => inner.delete(down(path), options)),
    list: (path, options) => each(inner.list(down(path), options)),
    mkdir: (path, options) => call(() => inner.mkdir(down(path), options)),
    setMetadata: (path, patch, options) => call(async () => up(await inner.setMetadata(down(path), patch, options))),
    append: (path, bytes, options) => call(async () => up(await inner.append(down(path), bytes, options))),
    rename: (from, to, options) => call(async () => up(await inner.rename(down(from), down(to), options))),
    copy: (from, to, options) => call(async () => up(await inner.copy(down(from), down(to), options))),
    batch: (operations, options) => call(async () => (await inner.batch(operations.map(downOperation), options)).map(up)),
    versions: (path, options) => each(inner.versions(down(path), options)),
    snapshot: (path, name, options) => call(async () => up(await inner.snapshot(down(path), name, options))),
    snapshots: (path, options) => each(inner.snapshots(down(path), options)),
    deleteSnapshot: (path, name, options) => call(() => inner.deleteSnapshot(down(path), name, options)),
    changes: async function* (path, options) {
      for await (const change of each(inner.changes(down(path), options)))
        yield change.from === undefined ? change : { ...change, from: relativePath(change.from, root) }
    },
    search: (path, query, options) => each(inner.search(down(path), query, options)),
    presign: (path, options) => call(() => inner.presign(down(path), options)),
    usage: (path, options) => call(() => inner.usage(down(path), options)),
    close: () => inner.close(),
  }
}
