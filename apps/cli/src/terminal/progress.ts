import { formatBytes, formatCount, formatDuration } from './format.ts'
import type { Output, OutputStream } from './output.ts'

/** How far a long piece of work is. */
export interface ProgressState {
  readonly files: number
  readonly bytes: number
  /** Known when everything to do has been counted. */
  readonly totalFiles?: number | undefined
  readonly totalBytes?: number | undefined
}

/** One line at the foot of a terminal. */
export interface Progress {
  /** Whether anybody sees it; work to find out totals can be spared otherwise. */
  readonly isShown: boolean
  update(state: ProgressState): void
  /** Takes the line away. */
  end(): void
}

const redrawEveryMs = 100

/** A progress line with rate and time left, on a terminal; elsewhere nothing. */
export function createProgress(label: string, { output, stream, now = Date.now }: { readonly output: Output; readonly stream: OutputStream; readonly now?: (() => number) | undefined }): Progress {
  if (!output.isTerminal) return { isShown: false, update: () => undefined, end: () => undefined }
  const startedAt = now()
  let drawnAt = 0
  return {
    isShown: true,
    update: (state) => {
      if (now() - drawnAt < redrawEveryMs) return
      drawnAt = now()
      const line = progressLine(label, state, now() - startedAt)
      stream.write(`\r\u001b[K${line.slice(0, output.columns - 1)}`)
    },
    end: () => {
      if (drawnAt > 0) stream.write('\r\u001b[K')
    },
  }
}

/** `Copying  45%  4,500 of 10,000 files  12.0 MiB  3.1 MiB/s  1,150 files/s  4.8 s left`. */
export function progressLine(label: string, { files, bytes, totalFiles, totalBytes }: ProgressState, elapsedMs: number): string {
  const seconds = Math.max(elapsedMs, 1) / 1000
  const share = shareDone({ files, bytes, totalFiles, totalBytes })
  const parts = [
    label,
    share === undefined ? undefined : `${String(Math.floor(share * 100)).padStart(3)}%`,
    `${formatCount(files)}${totalFiles === undefined ? '' : ` of ${formatCount(totalFiles)}`} files`,
    formatBytes(bytes),
    `${formatBytes(bytes / seconds)}/s`,
    `${formatCount(files / seconds)} files/s`,
    share === undefined || share < 0.01 ? undefined : `${formatDuration(elapsedMs * (1 / share - 1))} left`,
  ]
  return parts.filter((part) => part !== undefined).join('  ')
}

/** Half by files and half by bytes: small files cost by number, large ones by size. */
function shareDone({ files, bytes, totalFiles, totalBytes }: ProgressState): number | undefined {
  if (totalFiles === undefined || totalBytes === undefined) return undefined
  const byFiles = totalFiles === 0 ? 1 : files / totalFiles
  const byBytes = totalBytes === 0 ? byFiles : bytes / totalBytes
  return Math.min(1, (byFiles + byBytes) / 2)
}
