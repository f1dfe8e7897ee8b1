import { expect, it } from 'vitest'

it('@nexus/core exports what is documented, and nothing by accident', async () => {
  expect(Object.keys(await import('@nexus/core')).sort()).toMatchSnapshot()
})

it('@nexus/core/contract exports what backends need, and nothing by accident', async () => {
  expect(Object.keys(await import('@nexus/core/contract')).sort()).toMatchSnapshot()
})
