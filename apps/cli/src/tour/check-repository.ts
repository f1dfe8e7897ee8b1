import { NexusError } from '@nexus/core'
import { checkRepository as check, checkSummary } from '../repository/check-repository.ts'
import { findRepository } from '../repository/find-repository.ts'
import { type Tour, tourMount } from './tour.ts'

/** Checks journal, index and contents against each other. */
export async function checkRepository({ cli, tell }: Tour): Promise<void> {
  const report = await check(cli, await findRepository(cli, tourMount), {})
  const [problem] = report.problems
  if (!report.ok) throw new NexusError('corrupt', { op: 'tour', path: problem?.path, reason: problem?.message })
  await tell(`Everything is whole: ${checkSummary(report)}.`, `nexus-fs fsck ${tourMount}`)
}
