import type { SyncAction } from '@nexus/core'
import { type Path, relativePath } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { formatBytes } from '../terminal/format.ts'

const colours = { copy: 'green', update: 'blue', mkdir: 'blue', delete: 'red' } as const satisfies Record<SyncAction['type'], string>

/** `copy    a/b.txt  1.2 MiB`, below the target. */
export function actionLine({ out }: Cli, { type, kind, path, sizeBytes }: SyncAction, { to, shown }: { readonly to: Path; readonly shown: (path: string) => string }): string {
  const name = path === to ? shown(path) : relativePath(path, to).slice(1)
  const size = sizeBytes === undefined || type === 'delete' ? '' : `  ${out.paint('dim', formatBytes(sizeBytes))}`
  return `${out.paint(colours[type], type.padEnd(6))}  ${out.name(name)}${kind === 'directory' ? '/' : ''}${size}`
}

/** The same for programs. */
export function actionJson({ type, kind, path, sizeBytes }: SyncAction, shown: (path: string) => string): string {
  return JSON.stringify({ action: type, kind, path: shown(path), sizeBytes })
}
