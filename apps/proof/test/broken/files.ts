import { type Backend, type FileStat, NexusError, type Path, rootPath } from '@nexus/core/contract'
import {
  failing,
  failingOverlap,
  instead,
  type Mutation,
  reading,
  readingBytes,
  recode,
  refusingNames,
  repathing,
  statting,
  streamOfLater,
  swallow,
} from './mutation.ts'

/** Answers with what it once found, whatever was written since. */
const rememberingStats: Mutation = (inner) => {
  const kept = new Map<Path, FileStat>()
  const stat = async (path: Path): Promise<FileStat> => {
    const found = kept.get(path) ?? (await inner.stat(path))
    kept.set(path, found)
    return found
  }
  return { ...inner, stat }
}

/** Hands its own buffer out. */
const sharingBytes: Mutation = (inner) => {
  const kept = new Map<Path, Uint8Array>()
  const read: Backend['read'] = async (path, options) => {
    const content = await inner.read(path, options)
    const bytes = kept.get(path) ?? (await (await inner.read(path)).bytes())
    kept.set(path, bytes)
    return { ...content, bytes: () => Promise.resolve(bytes), stream: () => streamOfLater(Promise.resolve(bytes)) }
  }
  return { ...inner, read }
}

/** Reads each chunk of a stream from the file as it is then. */
const readingLive = instead('read', (read) => async (path, options) => {
  const content = await read(path, options)
  let offset = 0
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const part = await (await read(path, { range: { offset, length: 65_536 } })).bytes()
    offset += part.length
    if (part.length === 0) controller.close()
    else controller.enqueue(part)
  }
  return { ...content, stream: () => new ReadableStream({ pull }, { highWaterMark: 0 }) }
})

/** Broken stats and bodies. By sentence: a backend on which its case must go red. */
export const filesBroken: Readonly<Record<string, Mutation>> = {
  'A backend that is `readonly` refuses every change with `read_only`; another one takes it.': failing('write', 'read_only'),
  'Capabilities are settled when the backend is open, and stay.': (inner) => {
    const capabilities = { ...inner.capabilities }
    const write: Backend['write'] = (path, body, options) => {
      Object.assign(capabilities, { append: false })
      return inner.write(path, body, options)
    }
    return { ...inner, capabilities, write }
  },
  'A backend of files names its scheme, a fidelity, and every capability.': (inner) => ({ ...inner, scheme: '' }),
  'Names differ by case: `a` and `A` are two files.': repathing((path) => path.toLowerCase()),
  'A name may hold every printable ASCII character but `/`.': refusingNames((path) => path.includes('\\')),
  'A name may begin with a dot or a dash, and end with a dot or a space.': refusingNames((path) => path.endsWith(' ')),
  'A name may hold any well-formed Unicode, and `list` gives it back as it was written.': repathing((path) => path.normalize('NFD')),
  'A `%` in a name is a character like others: `%2f`, `%41` and `100%` are themselves.': repathing((path) => path.replace('%41', 'A')),
  'A name may hold 255 bytes of UTF-8.': refusingNames((path) => path.split('/').some((name) => name.length > 254)),
  'A path may hold 4,096 bytes.': refusingNames((path) => path.length > 4_000),
  'Names that only look like members of an object, such as `__proto__`, are names like others.': refusingNames((path) =>
    path.includes('__proto__'),
  ),
  '`stat` of a file gives its path, kind and etag, and its size unless the service does not tell.': statting(
    'stat',
    ({ etag: _etag, ...rest }) => rest,
  ),
  '`stat` of a directory gives its path and kind, and no size.': statting('stat', (stat) => ({ ...stat, sizeBytes: stat.sizeBytes ?? 0 })),
  'The root is a directory, also in an empty backend.': instead(
    'stat',
    (stat) => (path, options) => (path === rootPath ? Promise.reject(new NexusError('not_found')) : stat(path, options)),
  ),
  '`stat` of what is absent fails with `not_found`.': recode('stat', 'not_found', 'unavailable'),
  'Below a file nothing exists: `stat` there fails with `not_found`.': recode('stat', 'not_found', 'not_directory'),
  '`write` gives what `stat` gives next.': statting('write', (stat) => ({ ...stat, etag: 'another' })),
  '`modifiedAt` and `createdAt` are valid dates where they are given.': statting('stat', (stat) => ({
    ...stat,
    modifiedAt: new Date(Number.NaN),
  })),
  '`digest`, where it is given, is the tagged digest of the bytes, the same for the same bytes.': statting('write', (stat) => ({
    ...stat,
    digest: 'no digest',
  })),
  '`read` gives exactly the bytes that were written.': readingBytes((bytes) => bytes.map((byte) => byte & 0x7f)),
  '`read` of an empty file gives no bytes.': readingBytes((bytes) => (bytes.length === 0 ? Uint8Array.of(0) : bytes)),
  '`text` decodes UTF-8, and shows malformed sequences as U+FFFD.': reading((content) => ({
    ...content,
    text: async () => new TextDecoder('latin1').decode(await content.bytes()),
  })),
  '`stream` gives the bytes that `bytes` gives.': reading((content) => ({
    ...content,
    stream: () => streamOfLater(content.bytes().then((bytes) => bytes.subarray(1))),
  })),
  '`read` carries the stat of the whole file.': reading((content) => ({ ...content, stat: { ...content.stat, sizeBytes: 3 } })),
  '`read` of what is absent fails with `not_found`, before a body is asked for.': swallow('read', 'not_found'),
  '`read` of a directory fails with `is_directory`.': swallow('read', 'is_directory'),
  'A body is read once: a second `bytes`, `text` or `stream` fails with `invalid_argument`.': instead(
    'read',
    (read) => async (path, options) => ({ ...(await read(path, options)), bytes: async () => (await read(path, options)).bytes() }),
  ),
  'Disposing a body gives it up, read or not; twice is once.': reading((content) => ({
    ...content,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })),
  'Cancelling a stream in its middle is no failure, and the file stays readable.': reading((content) => ({
    ...content,
    stream: () =>
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1)), cancel: () => Promise.reject(new Error('No.')) }),
  })),
  'The bytes that `read` gave belong to the caller: changing them changes no file.': sharingBytes,
  'The stats that a call gave belong to the caller: changing them changes no file.': rememberingStats,
  'A read that began gives the file as it was, or fails; it never mixes two states.': readingLive,
  'Reads of one file at the same time each give the whole of it.': failingOverlap('read', 'busy'),
}
