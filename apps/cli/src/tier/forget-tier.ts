import { rememberMounts, type TierSource } from '@nexus/core'
import { parsePath } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { UsageError } from '../outcomes.ts'
import { rememberedHolder } from './remember-tier.ts'

/** Takes redirects out of what is remembered; no file moves. */
export async function forgetTier(cli: Cli, from: string | undefined, to: string | undefined): Promise<void> {
  if (from === undefined) throw new UsageError('--forget needs the directory whose files keep their paths: nexus-fs tier --forget FROM.')
  const path = parsePath(from)
  const target = to === undefined ? undefined : parsePath(to)
  const holder = await rememberedHolder(path)
  const isForgotten = (rule: TierSource): boolean => rule.from === path && (target === undefined || rule.to === target)
  const forgotten = (holder.tiers ?? []).filter(isForgotten)
  if (forgotten.length === 0) throw new UsageError(`No rule is remembered for ${path}. See nexus-fs mounts list.`)
  await rememberMounts([{ ...holder, tiers: (holder.tiers ?? []).filter((rule) => !isForgotten(rule)) }], { signal: cli.signal })
  for (const rule of forgotten) {
    const line = `Forgot that files of ${rule.from} may lie at ${rule.to}; those that do are found there only.`
    await cli.out.line(cli.json ? JSON.stringify(rule) : cli.out.name(line))
  }
}
