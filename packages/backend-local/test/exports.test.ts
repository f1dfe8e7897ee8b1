import { expect, it } from 'vitest'

it('the package exports these names', async () => {
  expect(Object.keys(await import('@nexus/backend-local')).sort()).toEqual(['default', 'localBackend', 'openLocalPath', 'openLocalStore'])
})
