import { isRecord } from './parse-manifest.ts'

// The names that `parseUri` refuses in a query, for option objects.
const secretName = /secret|password|passwd|token|api_?key|access_?key|credential(?!s_?path$)|private_?key|signature/i
const userInfo = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i

/** Whether an option may be written to disk: plain data without anything that is a secret by its name, or a URL with a password. */
export function isWritable(name: string, value: unknown): boolean {
  return !secretName.test(name) && isHarmlessData(value, 8)
}

function isHarmlessData(value: unknown, depth: number): boolean {
  if (depth === 0) return false
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return !userInfo.test(value)
  if (Array.isArray(value)) return value.every((item) => isHarmlessData(item, depth - 1))
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.entries(value).every(([name, inner]) => !secretName.test(name) && isHarmlessData(inner, depth - 1))
}
