import { fsck, NexusError } from '@nexus/core'
import { fsckSummary } from '../commands/fsck.ts'
import { findRepository } from '../repository/open-repository-at.ts'
import { type Tour, tourMount } from './tour.ts'

/** Checks journal, index and contents against each other. */
export async function checkRepository({ cli, tell }: Tour): Promise<void> {
  const { stores } = await findRepository(cli, tourMount)
  const progress = cli.progress('Checking')
  const onProgress = ({ contents, bytes }: { readonly contents: number; readonly bytes: number }): void => progress.update({ files: contents, bytes })
  const report = await fsck({ ...stores, signal: cli.signal }, { onProgress, signal: cli.signal }).finally(() => progress.end())
  const [problem] = report.problems
  if (!report.ok) throw new NexusError('corrupt', { op: 'tour', path: problem?.path, reason: problem?.message })
  await tell(`Everything is whole: ${fsckSummary(report)}.`, `nexus-fs fsck ${tourMount}`)
}
