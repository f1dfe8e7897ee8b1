import type { Document, LineCounter } from 'yaml'
import { NexusError } from '../contract/errors.ts'
import type { ConfigKeys, ConfigProblem } from './config-problem.ts'

/** A document whose values know the line they stand on. */
export interface LocatedDocument {
  readonly value: unknown
  /** The line, from 1, of the value at `keys`, or of the nearest one above it that exists. */
  readonly lineOf: (keys: ConfigKeys) => number
}

/** A file in messages: its name, and how a person repairs it. */
export interface DocumentFile {
  readonly file: string
  /** What to do about damage: one sentence. */
  readonly repair: string
}

const maxDocumentBytes = 1024 * 1024
const maxExpandedNodes = 10_000

/**
 * Parses YAML 1.2 (core schema), which JSON is a part of.
 * @throws NexusError `invalid_config`, naming file and line: malformed text, a duplicate key, an unknown tag, more than one document, aliases
 * that expand to more than 10,000 values, more than 1 MiB.
 */
export async function parseLocated(text: string, file: DocumentFile): Promise<LocatedDocument> {
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  if (text.length > maxDocumentBytes) throw damagedAt(file, 1, `It has more than ${maxDocumentBytes} bytes.`)
  const document = yaml.parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    schema: 'core',
    strict: true,
  })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined)
    throw damagedAt(
      file,
      lines.linePos(problem.pos[0]).line,
      problem.code === 'MULTIPLE_DOCS' ? 'It holds more than one document.' : sentence(problem.message),
    )
  checkAliases(document, { yaml, lines, file })
  return { value: document.toJS({ maxAliasCount: -1 }) as unknown, lineOf: (keys) => lineAt(document, { keys, yaml, lines }) }
}

/** The line of a JSON syntax error. Not every message of the engine tells it; YAML, read strictly, finds the rest. */
export async function jsonErrorLine(text: string, error: SyntaxError): Promise<number> {
  const told = /\(line (\d+) column \d+\)/.exec(error.message)?.[1]
  if (told !== undefined) return Number(told)
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  const [problem] = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: 'json' }).errors
  return problem === undefined ? text.split('\n').length : lines.linePos(problem.pos[0]).line
}

/** What is wrong in a file, as people need to hear it. */
export function damagedAt({ file, repair }: DocumentFile, line: number, problem: string): NexusError {
  return new NexusError('invalid_config', { op: 'mount', reason: `${file}:${line}: ${problem} ${repair}` })
}

/** The same for a problem that knows its place. */
export function problemIn(document: LocatedDocument, file: DocumentFile, problem: ConfigProblem): NexusError {
  return damagedAt(file, document.lineOf(problem.keys), problem.message)
}

type Yaml = typeof import('yaml')

interface AliasContext {
  readonly yaml: Yaml
  readonly lines: LineCounter
  readonly file: DocumentFile
}

/** Counts what the aliases expand to without expanding them, and stops at the one that makes it too much ("a billion laughs"). */
function checkAliases(document: Document, { yaml, lines, file }: AliasContext): void {
  const sizes = new Map<string, number>()
  const count = (node: unknown): number => {
    if (yaml.isAlias(node)) {
      const size = sizes.get(node.source)
      const line = lines.linePos(node.range?.[0] ?? 0).line
      if (size === undefined) throw damagedAt(file, line, `The alias *${node.source} names nothing that is complete before it.`)
      if (size > maxExpandedNodes) throw damagedAt(file, line, `The alias *${node.source} expands to more than ${maxExpandedNodes} values.`)
      return size
    }
    const items = yaml.isMap(node) ? node.items.flatMap((pair) => [pair.key, pair.value]) : yaml.isSeq(node) ? node.items : []
    const size = items.reduce<number>((sum, item) => sum + count(item), 1)
    if ((yaml.isCollection(node) || yaml.isScalar(node)) && node.anchor !== undefined) sizes.set(node.anchor, size)
    return size
  }
  if (count(document.contents) > maxExpandedNodes) throw damagedAt(file, 1, `It holds more than ${maxExpandedNodes} values.`)
}

/** Follows the keys as far as they lead; a value in a map stands where its key stands. */
function lineAt(
  document: Document,
  { keys, yaml, lines }: { readonly keys: ConfigKeys; readonly yaml: Yaml; readonly lines: LineCounter },
): number {
  let node: unknown = document.contents
  let offset = (yaml.isNode(node) ? node.range?.[0] : undefined) ?? 0
  for (const key of keys) {
    const here = yaml.isAlias(node) ? node.resolve(document) : node
    const pair = yaml.isMap(here) ? here.items.find((item) => yaml.isScalar(item.key) && item.key.value === key) : undefined
    const item: unknown = pair?.key ?? (yaml.isSeq(here) && typeof key === 'number' ? here.items[key] : undefined)
    if (!yaml.isNode(item)) break
    offset = item.range?.[0] ?? offset
    node = pair === undefined ? item : pair.value
  }
  return lines.linePos(offset).line
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`
}
