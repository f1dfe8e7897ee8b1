import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type Path, parsePath } from '../contract/paths.ts'
import { parseUri } from '../contract/uri.ts'
import { ConfigProblem } from './config-problem.ts'
import { processEnvironment } from './environment.ts'
import { damagedAt, type DocumentFile, jsonErrorLine, parseLocated, problemIn } from './located-document.ts'
import { isRecord } from './parse-manifest.ts'
import { readFields } from './read-fields.ts'
import type { RememberedMount } from './remembered-mount.ts'
import { replaceFile } from './replace-file.ts'
import { stateDirectory } from './state-directory.ts'
import { toStateError } from './state-error.ts'
import { type StateLockOptions, withStateLock } from './state-lock.ts'

const format = 1
const mountKeys = ['mountPoint', 'uri', 'name', 'readonly', 'priority', 'options', 'withheld']

/** How `mounts.json` is changed. */
export interface MountsFileOptions extends StateLockOptions {
  /** Default: {@link stateDirectory}. */
  readonly directory?: string | undefined
  /** Told when a damaged file was put aside. */
  readonly warn?: ((message: string) => void) | undefined
}

/**
 * The mounts that `mounts.json` remembers, in the order they were first mounted; none when the file is absent.
 * @throws NexusError `invalid_config`, naming file, line and repair, when it is damaged; `unsupported` for a newer format
 */
export async function readMounts(directory: string = stateDirectory()): Promise<readonly RememberedMount[]> {
  const file = fileIn(directory)
  const text = await readText(file.file, directory)
  return text === undefined ? [] : parseMounts(text, file)
}

/**
 * Merges mounts into `mounts.json` by mount point, creating the state directory (0700) and the file (0600). A damaged file is put aside as
 * `mounts.json.damaged` with a warning, so that mounting again repairs it.
 * @throws NexusError `busy` naming the holder, `permission_denied`, `no_space`
 */
export async function rememberMounts(mounts: readonly RememberedMount[], options: MountsFileOptions = {}): Promise<void> {
  if (mounts.length === 0) return
  await changeMounts((known) => merge(known, mounts), { ...options, repairs: true })
}

/**
 * Takes mounts out of `mounts.json`.
 * @param mountPoints Those that are not in it are passed over.
 * @returns What was taken out.
 * @throws NexusError `invalid_config` when the file is damaged, `busy`, `permission_denied`, `no_space`
 */
export async function forgetMounts(mountPoints: readonly Path[], options: MountsFileOptions = {}): Promise<readonly RememberedMount[]> {
  const isForgotten = ({ mountPoint }: RememberedMount): boolean => mountPoints.includes(mountPoint)
  const before = await changeMounts((known) => known.filter((mount) => !isForgotten(mount)), options)
  return before.filter(isForgotten)
}

type Change = (known: readonly RememberedMount[]) => readonly RememberedMount[]

interface ChangeOptions extends MountsFileOptions {
  readonly repairs?: boolean | undefined
}

/** @returns What was there before. */
async function changeMounts(
  change: Change,
  { directory = stateDirectory(), warn = processEnvironment().warn, repairs = false, ...lock }: ChangeOptions,
): Promise<readonly RememberedMount[]> {
  try {
    const unlocked = await readForChange(directory, repairs)
    if (unlocked.damage === undefined && isSame(unlocked.mounts, change(unlocked.mounts))) return unlocked.mounts
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return await withStateLock(
      directory,
      async () => {
        const { mounts, damage } = await readForChange(directory, repairs)
        const file = fileIn(directory).file
        if (damage !== undefined) {
          await rename(file, `${file}.damaged`)
          warn(`${damage.reason} It was put aside as ${file}.damaged; only what was just mounted is remembered now.`)
        }
        await replaceFile(file, `${JSON.stringify({ format, mounts: change(mounts) }, undefined, 2)}\n`)
        return mounts
      },
      lock,
    )
  } catch (error) {
    throw toStateError(error, directory)
  }
}

async function readForChange(
  directory: string,
  repairs: boolean,
): Promise<{ readonly mounts: readonly RememberedMount[]; readonly damage?: NexusError }> {
  try {
    return { mounts: await readMounts(directory) }
  } catch (error) {
    if (repairs && isNexusError(error, 'invalid_config')) return { mounts: [], damage: error }
    throw error
  }
}

function merge(known: readonly RememberedMount[], added: readonly RememberedMount[]): readonly RememberedMount[] {
  return [...new Map([...known, ...added].map((mount) => [mount.mountPoint, mount])).values()]
}

function isSame(left: readonly RememberedMount[], right: readonly RememberedMount[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

function fileIn(directory: string): DocumentFile & { readonly file: string } {
  const file = join(directory, 'mounts.json')
  return { file, repair: `Run mount() or \`nexus-fs mount\` again with what you want mounted, or delete ${file}: it holds no data.` }
}

async function readText(file: string, directory: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw toStateError(error, directory)
  }
}

async function parseMounts(text: string, file: DocumentFile): Promise<readonly RememberedMount[]> {
  const value = await parseJson(text, file)
  try {
    return parseDocument(value)
  } catch (error) {
    if (error instanceof ConfigProblem) throw problemIn(await parseLocated(text, file), file, error)
    throw error
  }
}

async function parseJson(text: string, file: DocumentFile): Promise<unknown> {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) throw damagedAt(file, await jsonErrorLine(text, error), 'It is not valid JSON.')
    throw error
  }
}

function parseDocument(value: unknown): readonly RememberedMount[] {
  const written = isRecord(value) ? value['format'] : undefined
  if (typeof written === 'number' && written > format) {
    throw new NexusError('unsupported', {
      op: 'mount',
      reason: `mounts.json was written by a newer version of Nexus (format ${written}). Update this one, or set NEXUS_FS_STATE_DIR.`,
    })
  }
  const fields = readFields(value, ['format', 'mounts'], { what: 'The file' })
  const found = fields.integer('format')
  if (found !== format) throw new ConfigProblem(['format'], `"format" is ${format} for this version of Nexus, not ${found ?? 'absent'}.`)
  return (fields.list('mounts') ?? []).map((mount, index) => parseMount(mount, ['mounts', index]))
}

function parseMount(input: unknown, keys: readonly (string | number)[]): RememberedMount {
  const fields = readFields(input, mountKeys, { keys, what: 'A mount' })
  const [mountPoint, uri, withheld] = [fields.text('mountPoint'), fields.text('uri'), fields.list('withheld')]
  if (mountPoint === undefined || uri === undefined) throw new ConfigProblem(keys, 'A mount has "mountPoint" and "uri".')
  if (withheld !== undefined && !withheld.every((name) => typeof name === 'string'))
    throw new ConfigProblem([...keys, 'withheld'], '"withheld" is a list of texts.')
  return {
    mountPoint: checkedAt([...keys, 'mountPoint'], () => parsePath(mountPoint)),
    uri: checkedAt([...keys, 'uri'], () => parseUri(uri).uri),
    name: fields.text('name'),
    readonly: fields.truth('readonly'),
    priority: fields.integer('priority'),
    options: fields.record('options'),
    withheld,
  }
}

function checkedAt<T>(keys: readonly (string | number)[], parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (isNexusError(error)) throw new ConfigProblem(keys, error.reason)
    throw error
  }
}
