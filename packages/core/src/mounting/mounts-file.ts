import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isNexusError, type NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { processEnvironment } from './environment.ts'
import type { DocumentFile } from './located-document.ts'
import { formatMounts, parseMounts } from './parse-mounts.ts'
import type { RememberedMount } from './remembered-mount.ts'
import { replaceFile } from './replace-file.ts'
import { stateDirectory } from './state-directory.ts'
import { toStateError } from './state-error.ts'
import { type StateLockOptions, withStateLock } from './state-lock.ts'

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
        await replaceFile(file, formatMounts(change(mounts)))
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

/** A mount that is mounted again keeps its tier rules unless it brings others, or an empty list: files that lie elsewhere by them would not be found otherwise. */
function merge(known: readonly RememberedMount[], added: readonly RememberedMount[]): readonly RememberedMount[] {
  const mounts = new Map(known.map((mount) => [mount.mountPoint, mount]))
  for (const mount of added) {
    const tiers = mount.tiers ?? mounts.get(mount.mountPoint)?.tiers
    const { tiers: _, ...rest } = mount
    mounts.set(mount.mountPoint, tiers === undefined || tiers.length === 0 ? rest : { ...mount, tiers })
  }
  return [...mounts.values()]
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
