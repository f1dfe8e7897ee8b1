import { expect, it } from 'vitest'

it('exports these names', async () => {
  expect(Object.keys(await import('@nexus/backend-memory')).sort()).toMatchInlineSnapshot(`
    [
      "default",
      "memoryBackend",
      "openMemory",
    ]
  `)
})
