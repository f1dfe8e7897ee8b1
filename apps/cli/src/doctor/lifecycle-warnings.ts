import type { Diagnosis, StorageRule } from '@nexus/core'

/** What a service does by itself to what a mount keeps. */
export interface LifecycleWarning {
  /** What a repository would lose is a problem; what happens to somebody's own files may be meant so. */
  readonly isProblem: boolean
  readonly text: string
}

/** The objects that a repository cannot do without (docs/repository-format.md). */
const ownObjects = ['journal/', 'cas/', 'packs/', 'checkpoints/', 'nexus.json']

/** Rules of a bucket in sentences: what they do to this mount, or why that is not known. */
export function lifecycleWarnings(rules: Diagnosis['rules'], layout: 'cas' | 'path' | undefined): LifecycleWarning[] {
  if ('unknown' in rules) return [{ isProblem: false, text: `Whether lifecycle rules delete or archive what is stored is not known. ${rules.unknown}` }]
  return rules.flatMap((rule) => (layout === 'cas' ? ofRepository(rule) : [ofFiles(rule)]))
}

function ofRepository(rule: StorageRule): LifecycleWarning[] {
  const struck = ownObjects.filter((key) => key.startsWith(rule.prefix) || rule.prefix.startsWith(key))
  if (struck.length === 0) return []
  const what = struck.length === ownObjects.length ? 'all objects of this repository' : `objects of this repository (${struck.join(', ')})`
  const then = rule.action === 'expire' ? 'What it deletes is lost.' : 'What it archives costs more to read, or has to be brought back first.'
  return [{ isProblem: true, text: `${told(rule, what)} ${then} Take the rule away, or give it a prefix outside of the repository.` }]
}

function ofFiles(rule: StorageRule): LifecycleWarning {
  const what = rule.prefix === '' ? 'all files of this mount' : `files whose names begin with "${rule.prefix}"`
  return { isProblem: false, text: `${told(rule, what)} That may be meant so.` }
}

function told({ id, action, afterDays }: StorageRule, what: string): string {
  const rule = id === '' ? 'A lifecycle rule of the bucket' : `The lifecycle rule "${id}" of the bucket`
  const when = afterDays === undefined ? '' : ` ${afterDays} ${afterDays === 1 ? 'day' : 'days'} after they were stored`
  return `${rule} ${action === 'expire' ? 'deletes' : 'archives'} ${what}${when}.`
}
