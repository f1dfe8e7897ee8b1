import { S3Failure } from './error.ts'

/** `<name>text</name>`, escaped; nothing for `undefined`. */
export function element(name: string, text: string | number | boolean | undefined): string {
  return text === undefined ? '' : `<${name}>${escapeXml(String(text))}</${name}>`
}

/** A document of S3's namespace around `content`, which is XML already. */
export function xmlDocument(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`
}

/** An element of a request body. */
export interface XmlNode {
  readonly name: string
  readonly text: string
  readonly children: readonly XmlNode[]
}

/** Reads a request's document. @throws S3Failure `MalformedXML` */
export function parseXml(body: Uint8Array, root: string): XmlNode {
  const text = new TextDecoder().decode(body).replace(/<\?xml[^>]*\?>/, '')
  const open: { name: string; text: string; children: XmlNode[] }[] = [{ name: '', text: '', children: [] }]
  for (const [, close, name = '', single, plain] of text.matchAll(/<(\/?)([A-Za-z0-9]+)[^>]*?(\/?)>|([^<]+)/g)) {
    const top = open.at(-1)
    if (top === undefined) throw malformed()
    if (plain !== undefined) top.text += unescapeXml(plain)
    else if (close === '/') closeElement(open, name)
    else if (single === '/') top.children.push({ name, text: '', children: [] })
    else open.push({ name, text: '', children: [] })
  }
  const [document] = open[0]?.children ?? []
  if (open.length !== 1 || document?.name !== root) throw malformed()
  return document
}

/** The text of the first child of that name. */
export function childText(node: XmlNode, name: string): string | undefined {
  return node.children.find((child) => child.name === name)?.text
}

function closeElement(open: { name: string; text: string; children: XmlNode[] }[], name: string): void {
  const done = open.pop()
  const parent = open.at(-1)
  if (done?.name !== name || parent === undefined) throw malformed()
  parent.children.push(done)
}

const malformed = (): S3Failure => new S3Failure(400, 'MalformedXML')

function escapeXml(text: string): string {
  // XML 1.0 cannot hold most control characters at all: S3 sends them as references, which parsers refuse. That is what encoding-type=url is for.
  return text.replace(/[&<>"\u0000-\u001f]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`)
}

function unescapeXml(text: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (_, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return names[name ?? ''] ?? ''
  })
}
