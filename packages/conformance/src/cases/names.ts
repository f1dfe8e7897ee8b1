import assert from 'node:assert/strict'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { entriesOf, holds, keysOf, put } from '../given.ts'

/** Each name is written, listed and read back. */
async function keepsNames(context: CaseContext, names: readonly string[]): Promise<void> {
  for (const name of names) await put(context, `/names/${name}`, `in ${name}`)
  const listed = (await entriesOf(context, '/names')).map((entry) => entry.name)
  assert.deepEqual(listed.sort(), [...names].sort())
  for (const name of names) await holds(context, `/names/${name}`, `in ${name}`)
}

/** What a path may be made of. */
export const nameCases: readonly ContractCase[] = section('Names', {
  'Names differ by case: `a` and `A` are two files.': async (context) => {
    await put(context, '/a', 'small')
    await put(context, '/A', 'large')
    await holds(context, '/a', 'small')
    await holds(context, '/A', 'large')
  },
  'A name may hold every printable ASCII character but `/`.': (context) =>
    keepsNames(context, ['a b', `"quoted" 'name'`, '#?&=+', '<>|:*', 'back\\slash', '~`!@$^()[]{},;']),
  'A name may begin with a dot or a dash, and end with a dot or a space.': (context) =>
    keepsNames(context, ['.hidden', '-dash', '...', 'dot.', 'space ', '.a.']),
  'A name may hold any well-formed Unicode, and `list` gives it back as it was written.': (context) =>
    keepsNames(context, ['käse', '日本語', '😀', 'שלום', '\u{10fffd}', '\uffee', 'e\u0301\u0316'.normalize('NFC')]),
  'A `%` in a name is a character like others: `%2f`, `%41` and `100%` are themselves.': (context) =>
    keepsNames(context, ['%2f', '%41', 'A', '100%', '%%', 'a%20b', 'a b']),
  'A name may hold 255 bytes of UTF-8.': (context) => keepsNames(context, ['x'.repeat(255), '語'.repeat(85)]),
  'A path may hold 4,096 bytes.': async (context) => {
    const path = Array.from({ length: 16 }, (_, index) => `/${index.toString(16)}${'d'.repeat(254)}`).join('')
    await put(context, path, 'deep')
    await holds(context, path, 'deep')
    const deepest = (await keysOf(context, '/', { recursive: true })).at(-1)
    assert.equal(deepest, path.slice(1))
  },
  'Names that only look like members of an object, such as `__proto__`, are names like others.': (context) =>
    keepsNames(context, ['__proto__', 'constructor', 'toString', 'length']),
})
