import { expect, it } from 'vitest'
import { isSnakeCase, toCamelCase, toSnakeCase } from './snake-case.ts'

it.each([
  ['project_id', 'projectId'],
  ['data_dir', 'dataDir'],
  ['credentials_path', 'credentialsPath'],
  ['freshness_ms', 'freshnessMs'],
  ['layout', 'layout'],
])('%s and %s are the same name', (snake, camel) => {
  expect(toCamelCase(snake)).toBe(camel)
  expect(toSnakeCase(camel)).toBe(snake)
  expect(isSnakeCase(snake)).toBe(true)
})

it.each(['dataDir', 'data__dir', '_data', 'data-dir', '', '1a', '__proto__'])('%j is not snake_case', (name) => {
  expect(isSnakeCase(name)).toBe(false)
})
