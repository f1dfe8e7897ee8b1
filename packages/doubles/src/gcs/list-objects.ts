import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { invalid } from './answers.ts'
import { checkParameters } from './check-request.ts'
import { numberIn } from './conditions.ts'
import type { GcsBucket, GcsObject, GcsState } from './model.ts'
import { answerResource, toResource } from './resource.ts'

const maxPage = 1000

/** `objects.list` (https://cloud.google.com/storage/docs/json_api/v1/objects/list): items and prefixes together count for `maxResults`. */
export function listObjects({ state, bucket }: { readonly state: GcsState; readonly bucket: GcsBucket }, request: HttpRequest): HttpAnswer {
  const query = request.url.searchParams
  checkParameters(request, ['prefix', 'delimiter', 'startOffset', 'endOffset', 'pageToken', 'maxResults', 'versions', 'projection'])
  const limit = Math.min(numberIn(query, 'maxResults') ?? maxPage, state.pageSize, maxPage)
  if (limit === 0) throw invalid('Invalid value for maxResults: 0')
  const rows = rowsOf(bucket, query)
  const after = parseToken(query)
  const rest = after === undefined ? rows : rows.filter((row) => compare(row.position, after) > 0)
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return answerResource(request, {
    kind: 'storage#objects',
    ...(rest.length > limit && last !== undefined && { nextPageToken: toToken(query, last.position) }),
    ...collect(page),
  })
}

/** An item or a prefix of the listing. */
interface Row {
  /** Orders all rows: name, then generation. */
  readonly position: string
  readonly object?: GcsObject
  readonly prefix?: string
}

function rowsOf(bucket: GcsBucket, query: URLSearchParams): Row[] {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const rows = new Map<string, Row>()
  for (const object of candidates(bucket, query)) {
    const end = delimiter === '' ? -1 : object.name.indexOf(delimiter, prefix.length)
    const common = end === -1 ? undefined : object.name.slice(0, end + delimiter.length)
    const row: Row = common === undefined ? { position: `${object.name}\0${String(object.generation).padStart(20, '0')}`, object } : { position: common, prefix: common }
    rows.set(row.position, row)
  }
  return [...rows.values()].sort((left, right) => compare(left.position, right.position))
}

function candidates(bucket: GcsBucket, query: URLSearchParams): GcsObject[] {
  const prefix = query.get('prefix') ?? ''
  const start = query.get('startOffset')
  const end = query.get('endOffset')
  const withVersions = query.get('versions') === 'true'
  return [...bucket.objects.values()].flat().filter(({ name, timeDeleted }) =>
    name.startsWith(prefix) && (withVersions || timeDeleted === undefined) && (start === null || compare(name, start) >= 0) && (end === null || compare(name, end) < 0),
  )
}

function collect(page: readonly Row[]): { readonly items?: unknown[]; readonly prefixes?: string[] } {
  const items = page.flatMap(({ object }) => (object === undefined ? [] : [toResource(object)]))
  const prefixes = page.flatMap(({ prefix }) => (prefix === undefined ? [] : [prefix]))
  return { ...(items.length > 0 && { items }), ...(prefixes.length > 0 && { prefixes }) }
}

/** UTF-8 bytes, and not UTF-16 units, order names. */
function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

/** A token serves the listing that it was given for, and no other. */
function toToken(query: URLSearchParams, position: string): string {
  return Buffer.from(JSON.stringify({ listing: listingOf(query), position })).toString('base64url')
}

function parseToken(query: URLSearchParams): string | undefined {
  const token = query.get('pageToken')
  if (token === null) return undefined
  const text = Buffer.from(token, 'base64url').toString()
  if (!text.startsWith('{')) throw invalid(`Invalid value for pageToken: ${token}`)
  const { listing, position } = JSON.parse(text) as { listing: string; position: string }
  if (listing !== listingOf(query)) throw invalid('The page token belongs to another listing.')
  return position
}

function listingOf(query: URLSearchParams): string {
  return ['prefix', 'delimiter', 'versions', 'startOffset', 'endOffset'].map((name) => query.get(name) ?? '').join('\0')
}
