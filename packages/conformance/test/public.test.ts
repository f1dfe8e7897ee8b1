import { expect, it } from 'vitest'

it('exports these names', async () => {
  expect(Object.keys(await import('@nexus/conformance')).sort()).toMatchInlineSnapshot(`
    [
      "contractCases",
      "describeBackend",
      "runCase",
    ]
  `)
})
