import { expect, it } from 'vitest'
import { fromS3Metadata, toS3Metadata } from './attributes.ts'

it('attributes of plain names and values are kept as they are', () => {
  expect(toS3Metadata({ author: 'Jane Doe', 'x-1': 'a%20b' })).toEqual({ author: 'Jane Doe', 'x-1': 'a%20b' })
})

it.each(['', ' edge ', 'ünïcode', 'line\nbreak', '=?UTF-8?B?Zm9v?=', '100%'])('the value %j comes back', (value) => {
  const stored = toS3Metadata({ name: value })
  expect(stored['name']).toMatch(/^[!-~]([ -~]*[!-~])?$/)
  expect(fromS3Metadata(stored)).toEqual({ name: value })
})

it.each(['Author', 'größe', 'a b', '50%', 'a:b'])('the name %j comes back, though S3 lowers its case', (name) => {
  const stored = Object.fromEntries(Object.entries(toS3Metadata({ [name]: 'x' })).map(([key, value]) => [key.toLowerCase(), value]))
  expect(fromS3Metadata(stored)).toEqual({ [name]: 'x' })
})

it('reads what others wrote', () => {
  expect(fromS3Metadata({ 'odd%zz': '=?utf-8?Q?gr=C3=BC=C3=9F_dich?=' })).toEqual({ 'odd%zz': 'grüß dich' })
})
