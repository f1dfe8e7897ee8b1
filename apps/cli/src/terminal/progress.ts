import { counted, formatBytes, formatCount, formatDuration } from './format.ts'
import type { Output, OutputStream } from './output.ts'

/** How far a long piece of work is. */
export interface ProgressState {
  readonly files: number
  readonly bytes: number
  /** Known when everything to do has been counted. */
  readonly totalFiles?: number | undefined
  readonly totalBytes?: number | undefined
  /** What else is worth telling, at the end of the line. */
  readonly note?: string | undefined
}

/** One line at the foot of a terminal. */
export interface Progress {
  /** Whether anybody sees it; work to find out totals can be spared otherwise. */
  readonly isShown: boolean
  update(state: ProgressState): void
  /** Takes the line away. */
  end(): void
}

/** Where and how a progress line is drawn. */
export interface ProgressOptions {
  readonly output: Output
  readonly stream: OutputStream
  /** What is counted, in the singular. Default `file`. */
  readonly noun?: string | undefined
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined
}

const redrawEveryMs = 100
/** Before that, rate and time left would only be noise. */
const settledAfterMs = 1000

/** A progress line with rate and time left, on a terminal; elsewhere nothing. */
export function createProgress(label: string, { output, stream, noun = 'file', now = Date.now }: ProgressOptions): Progress {
  if (!output.isTerminal) return { isShown: false, update: () => undefined, end: () => undefined }
  const startedAt = now()
  let drawnAt = 0
  return {
    isShown: true,
    update: (state) => {
      if (now() - drawnAt < redrawEveryMs) return
      drawnAt = now()
      const line = progressLine(label, { ...state, noun }, now() - startedAt)
      stream.write(`\r\u001b[K${line.slice(0, output.columns - 1)}`)
    },
    end: () => {
      if (drawnAt > 0) stream.write('\r\u001b[K')
    },
  }
}

/** `Copying  45%  4,500 of 10,000 files  12.0 MiB  3.1 MiB/s  1,150 files/s  4.8 s left`. */
export function progressLine(label: string, { noun, ...state }: ProgressState & { readonly noun: string }, elapsedMs: number): string {
  const { files, bytes, totalFiles } = state
  const seconds = Math.max(elapsedMs, 1) / 1000
  const share = shareDone(state)
  const parts = [
    label,
    share === undefined ? undefined : `${String(Math.floor(share * 100)).padStart(3)}%`,
    totalFiles === undefined ? counted(files, noun) : `${formatCount(files)} of ${counted(totalFiles, noun)}`,
    formatBytes(bytes),
    elapsedMs < settledAfterMs ? undefined : `${formatBytes(bytes / seconds)}/s`,
    elapsedMs < settledAfterMs ? undefined : `${formatCount(files / seconds)} ${noun}s/s`,
    elapsedMs < settledAfterMs || share === undefined || share < 0.01 ? undefined : `${formatDuration(elapsedMs * (1 / share - 1))} left`,
    state.note,
  ]
  return parts.filter((part) => part !== undefined).join('  ')
}

/** Half by files and half by bytes, because small files cost by number and large ones by size; by bytes alone where only those were counted. */
function shareDone({ files, bytes, totalFiles, totalBytes }: ProgressState): number | undefined {
  if (totalBytes === undefined) return undefined
  const byFiles = totalFiles === undefined || totalFiles === 0 ? undefined : files / totalFiles
  const byBytes = totalBytes === 0 ? (byFiles ?? 1) : bytes / totalBytes
  return Math.min(1, byFiles === undefined ? byBytes : (byFiles + byBytes) / 2)
}
