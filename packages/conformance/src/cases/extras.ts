import assert from 'node:assert/strict'
import { type ContractCase, section, skip } from '../case.ts'
import { declared, fails, optional, undeclared } from '../expect.ts'
import { at, collect, firstOf, put, putAll } from '../given.ts'

/** What some storages can besides. */
export const extraCases: readonly ContractCase[] = section('Usage, search, presign', {
  '`usage`, where there is one, counts files, directories below and bytes at and below a path.': async (context) => {
    const usage = optional(context, 'usage')
    if (usage === undefined) return skip('The backend has no `usage`.')
    await put(context, '/docs/a', 'four')
    await put(context, '/docs/sub/b', 'seven!!')
    await put(context, '/other', 'x')
    const pick = async (path: string): Promise<number[]> => {
      const { files, directories, logicalBytes } = await usage(at(path))
      return [files, directories, logicalBytes]
    }
    assert.deepEqual(await pick('/'), [3, 2, 12])
    assert.deepEqual(await pick('/docs'), [2, 1, 11])
    assert.deepEqual(await pick('/docs/a'), [1, 0, 4])
    return undefined
  },
  '`usage` of what is absent fails with `not_found`.': async (context) => {
    const usage = optional(context, 'usage')
    return usage === undefined ? skip('The backend has no `usage`.') : fails('not_found', usage(at('/absent')))
  },
  '`search` finds the lines that hold a text, where it is declared.': async (context) => {
    if (!context.capabilities.search) return undeclared(context, 'search', (search) => firstOf(search(at('/'), 'needle')))
    await putAll(context, ['/docs/other'])
    await put(context, '/docs/hay', 'hay\nhay needle hay\n')
    const matches = await collect(declared(context, 'search')(at('/docs'), 'needle'))
    assert.deepEqual(
      matches.map(({ path, line, column }) => [path, line, column]),
      [['/docs/hay', 2, 5]],
    )
    return undefined
  },
  '`presign` gives a URL of the file, where it is declared.': async (context) => {
    const options = { method: 'GET', expiresInMs: 60_000 } as const
    if (!context.capabilities.presign) return undeclared(context, 'presign', (presign) => presign(at('/file'), options))
    await putAll(context, ['/file'])
    assert.ok((await declared(context, 'presign')(at('/file'), options)) instanceof URL)
    return undefined
  },
})
