import { isNexusError, NexusError } from '../contract/errors.ts'
import { parsePath } from '../contract/paths.ts'
import { parseUri } from '../contract/uri.ts'
import { parseTierRule, type TierSource } from '../tiering/parse-tier-rule.ts'
import { ConfigProblem } from './config-problem.ts'
import { damagedAt, type DocumentFile, jsonErrorLine, parseLocated, problemIn } from './located-document.ts'
import { isRecord } from './parse-manifest.ts'
import { readFields } from './read-fields.ts'
import type { RememberedMount } from './remembered-mount.ts'

const format = 1
const mountKeys = ['mountPoint', 'uri', 'name', 'readonly', 'priority', 'options', 'tiers', 'withheld']

/** The text of a `mounts.json`: the inverse of {@link parseMounts}. */
export function formatMounts(mounts: readonly RememberedMount[]): string {
  return `${JSON.stringify({ format, mounts }, undefined, 2)}\n`
}

/**
 * Reads the text of a `mounts.json`.
 * @throws NexusError `invalid_config`, naming file and line, when it is damaged; `unsupported` for a newer format
 */
export async function parseMounts(text: string, file: DocumentFile): Promise<readonly RememberedMount[]> {
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
    tiers: fields.list('tiers')?.map((rule, index) => checkedRule(rule, [...keys, 'tiers', index])),
    withheld,
  }
}

/** A rule as it was written, after it was seen that it is one. */
function checkedRule(input: unknown, keys: readonly (string | number)[]): TierSource {
  parseTierRule(input, keys)
  return input as TierSource
}

function checkedAt<T>(keys: readonly (string | number)[], parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (isNexusError(error)) throw new ConfigProblem(keys, error.reason)
    throw error
  }
}
