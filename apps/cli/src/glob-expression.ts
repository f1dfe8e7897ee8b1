import { NexusError } from '@nexus/core/contract'

const maxStars = 8

/**
 * A pattern for one name, as `find -name` has it: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a character that stands for itself.
 * @throws NexusError `invalid_argument` for a class without its end, or more stars than can be matched in reasonable time.
 */
export function globExpression(pattern: string, flags = ''): RegExp {
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_argument', { op: 'find', reason })
  }
  if ((pattern.match(/\*+/g) ?? []).length > maxStars) return refuse(`A pattern has at most ${maxStars} stars: ${pattern.slice(0, 80)}.`)
  const source = pattern.replace(/\\(.)|\*+|\?|\[(!?)(\]?[^\]]*)\]|[^]/gu, (part: string, escaped?: string, negation?: string, members?: string) => {
    if (escaped !== undefined) return literal(escaped)
    if (members !== undefined) return `[${negation === '!' ? '^' : ''}${members.replace(/[\\[\]^&~|]/g, '\\$&')}]`
    if (part.startsWith('*')) return '.*?'
    if (part === '[') return refuse(`A class "[" has no end "]": ${pattern.slice(0, 80)}.`)
    return part === '?' ? '.' : literal(part)
  })
  try {
    return new RegExp(`^${source}$`, `su${flags}`)
  } catch (cause) {
    throw new NexusError('invalid_argument', { op: 'find', reason: `The pattern cannot be read: ${pattern.slice(0, 80)}.`, cause })
  }
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
