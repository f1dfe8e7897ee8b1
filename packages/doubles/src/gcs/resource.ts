import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { invalid, jsonAnswer } from './answers.ts'
import type { GcsObject } from './model.ts'

/** An object as the JSON API tells it (https://cloud.google.com/storage/docs/json_api/v1/objects#resource). */
export function toResource(object: GcsObject): Record<string, unknown> {
  const { bucket, name, generation, metageneration, contentType, described, storageClass, crc32c, md5Hash, componentCount } = object
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation: String(generation),
    metageneration: String(metageneration),
    contentType,
    ...described,
    storageClass,
    size: String(object.bytes.length),
    crc32c,
    ...(md5Hash !== undefined && { md5Hash }),
    ...(componentCount !== undefined && { componentCount }),
    ...(Object.keys(object.metadata).length > 0 && { metadata: object.metadata }),
    etag: Buffer.from(`${generation}/${metageneration}`).toString('base64'),
    timeCreated: new Date(object.timeCreated).toISOString(),
    updated: new Date(object.updated).toISOString(),
    ...(object.timeDeleted !== undefined && { timeDeleted: new Date(object.timeDeleted).toISOString() }),
  }
}

/** Answers a JSON value, cut down to what `fields` asks for. */
export function answerResource(request: HttpRequest, value: Record<string, unknown>): HttpAnswer {
  const fields = request.url.searchParams.get('fields')
  return jsonAnswer(fields === null ? value : select(value, parseFields(fields)))
}

/** The tree that a `fields` parameter spells; an empty map takes everything. */
type FieldTree = Map<string, FieldTree>

/** Reads `a,b(c,d),e/f`. */
function parseFields(text: string): FieldTree {
  const root: FieldTree = new Map()
  const stack = [root]
  let last: FieldTree | undefined
  for (const [token] of text.matchAll(/[A-Za-z0-9_*]+|[(),/]/g)) {
    const current = stack.at(-1)
    if (current === undefined) throw invalid(`Invalid field selection ${text}`)
    if (token === '(') stack.push(last ?? root)
    else if (token === ')') stack.pop()
    else if (token === '/') throw invalid('This double reads no paths in fields.')
    else if (token !== ',') current.set(token, (last = new Map<string, FieldTree>()))
  }
  if (stack.length !== 1) throw invalid(`Invalid field selection ${text}`)
  return root
}

function select(value: unknown, tree: FieldTree): unknown {
  if (tree.size === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: unknown) => select(item, tree))
  return Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => {
    const below = tree.get(name)
    return below === undefined ? [] : [[name, select(inner, below)]]
  }))
}
