import assert from 'node:assert/strict'
import type { ByteRange } from '@nexus/core/contract'
import { drain, patternBytes } from '../bodies.ts'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, bytesOf, put, sameBytes } from '../given.ts'

/** Asserts what each range of `0123456789` gives, or that ranges are refused where they are not declared. */
async function gives(context: CaseContext, expectations: readonly (readonly [ByteRange, string])[]): Promise<void> {
  await put(context, '/digits', '0123456789')
  for (const [range, expected] of expectations) {
    const read = bytesOf(context, '/digits', { range })
    if (context.capabilities.ranges) sameBytes(context, await read, expected, JSON.stringify(range))
    else await fails('unsupported', read)
  }
}

/** Parts of a file. */
export const rangeCases: readonly ContractCase[] = section('Ranges', {
  'A range of `offset` and `length` gives these bytes.': (context) =>
    gives(context, [
      [{ offset: 0, length: 1 }, '0'],
      [{ offset: 3, length: 4 }, '3456'],
      [{ offset: 9, length: 1 }, '9'],
      [{ offset: 0, length: 10 }, '0123456789'],
    ]),
  'A range without `length` gives the rest of the file.': (context) =>
    gives(context, [
      [{ offset: 0 }, '0123456789'],
      [{ offset: 7 }, '789'],
    ]),
  'A `suffix` gives the last bytes.': (context) =>
    gives(context, [
      [{ suffix: 1 }, '9'],
      [{ suffix: 4 }, '6789'],
    ]),
  'A range that reaches past the end is clamped; one that begins there is empty.': (context) =>
    gives(context, [
      [{ offset: 8, length: 100 }, '89'],
      [{ offset: 10 }, ''],
      [{ offset: 10, length: 1 }, ''],
      [{ offset: 1_000_000, length: 5 }, ''],
      [{ suffix: 11 }, '0123456789'],
    ]),
  'A range of no bytes is empty.': (context) =>
    gives(context, [
      [{ offset: 2, length: 0 }, ''],
      [{ suffix: 0 }, ''],
    ]),
  'A range of an empty file is empty.': async (context) => {
    await put(context, '/empty', '')
    for (const range of [{ offset: 0 }, { offset: 0, length: 5 }, { suffix: 5 }]) {
      const read = bytesOf(context, '/empty', { range })
      if (context.capabilities.ranges) assert.equal((await read).length, 0)
      else await fails('unsupported', read)
    }
  },
  'A range with a negative or fractional number fails with `invalid_argument`, also where there is no file.': async (context) => {
    const code = context.capabilities.ranges ? 'invalid_argument' : ['invalid_argument' as const, 'unsupported' as const]
    const ranges = [
      { offset: -1 },
      { offset: 0.5 },
      { offset: 0, length: -1 },
      { offset: 0, length: 1.5 },
      { suffix: -1 },
      { suffix: 0.1 },
      { offset: Number.NaN },
    ]
    for (const range of ranges) await fails(code, context.backend.read(at('/absent'), { range }))
  },
  'A range of a long file crosses whatever pieces the file is stored in.': async (context) => {
    const body = patternBytes(2_200_000)
    await put(context, '/long', body)
    for (const [offset, length] of [
      [1_048_570, 12],
      [65_530, 1_000_000],
      [2_199_990, 100],
    ] as const) {
      const read = context.backend.read(at('/long'), { range: { offset, length } })
      if (!context.capabilities.ranges) await fails('unsupported', read)
      else
        sameBytes(context, await drain((await read).stream()), body.slice(offset, offset + length), `bytes ${offset} to ${offset + length}`)
    }
  },
})
