import assert from 'node:assert/strict'
import { type Backend, isNexusError } from '@nexus/core/contract'
import { toBytes } from '../bodies.ts'
import { type ContractCase, section } from '../case.ts'
import { fails, failure } from '../expect.ts'
import { at, firstOf, putAll } from '../given.ts'

/** Each change that a backend may offer. */
function changeEach(backend: Backend): (() => Promise<unknown> | undefined)[] {
  const path = at('/new')
  return [
    () => backend.write(path, toBytes('x')),
    () => backend.delete(path, { force: true }),
    () => backend.mkdir(path),
    () => backend.append?.(path, toBytes('x')),
    () => backend.setMetadata?.(path, { colour: 'red' }),
    () => backend.rename?.(path, at('/newer')),
    () => backend.copy?.(path, at('/newer')),
    () => backend.batch?.([{ op: 'write', path, body: toBytes('x') }]),
    () => backend.snapshot?.(at('/'), 'new'),
    () => backend.deleteSnapshot?.(at('/'), 'new'),
  ]
}

/** How failures look. */
export const errorCases: readonly ContractCase[] = section('Errors', {
  'Every failure is a NexusError, recognised by `isNexusError`, whose message names path and code.': async (context) => {
    const { backend } = context
    await putAll(context, ['/docs/file'])
    const calls = [
      () => backend.stat(at('/absent/file')),
      () => backend.read(at('/docs')),
      () => backend.delete(at('/docs')),
      () => firstOf(backend.list(at('/docs/file'))),
      () => backend.write(at('/docs'), toBytes('x')),
    ]
    for (const call of calls) {
      const error = await failure(call())
      assert.ok(isNexusError(error), `A failure is a NexusError, not ${String(error)}.`)
      assert.ok(error.message.includes(error.code) && error.message.includes(String(error.path)), error.message)
    }
  },
  'The `path` of a failure is the path that the caller wrote.': async (context) => {
    const { backend } = context
    await putAll(context, ['/docs/file'])
    const failures = [
      ['/absent/file', () => backend.stat(at('/absent/file'))],
      ['/absent/file', () => backend.read(at('/absent/file'))],
      ['/absent/file', () => backend.delete(at('/absent/file'))],
      ['/absent', () => firstOf(backend.list(at('/absent')))],
      ['/docs', () => backend.write(at('/docs'), toBytes('x'))],
    ] as const
    for (const [path, call] of failures) assert.deepEqual(await failure(call()).then((error) => isNexusError(error) && error.path), path)
  },
  'The `op` of a failure is the verb that failed.': async ({ backend }) => {
    const failures = {
      stat: () => backend.stat(at('/absent')),
      read: () => backend.read(at('/absent')),
      delete: () => backend.delete(at('/absent')),
      list: () => firstOf(backend.list(at('/absent'))),
    }
    for (const [op, call] of Object.entries(failures))
      assert.deepEqual(await failure(call()).then((error) => isNexusError(error) && error.op), op)
  },
})

/** What a backend is that takes no writes. */
export const readonlyCases: readonly ContractCase[] = section(
  'Capabilities',
  {
    'A backend that is `readonly` refuses every change with `read_only`; another one takes it.': async ({ backend, capabilities }) => {
      if (!capabilities.readonly) return backend.write(at('/new'), toBytes('x'))
      for (const change of changeEach(backend)) {
        const called = change()
        if (called !== undefined) await fails('read_only', called)
      }
      return fails('not_found', backend.stat(at('/new')))
    },
    'Capabilities are settled when the backend is open, and stay.': async ({ backend, capabilities }) => {
      const before = JSON.stringify(backend.capabilities)
      if (!capabilities.readonly) await backend.write(at('/new/file'), toBytes('x'))
      assert.equal(JSON.stringify(backend.capabilities), before)
      assert.deepEqual(backend.capabilitiesAt?.(at('/')) ?? backend.capabilities, capabilities)
    },
    'A backend of files names its scheme, a fidelity, and every capability.': ({ backend, capabilities }) => {
      assert.match(backend.scheme, /^[a-z][a-z0-9+.-]*$/)
      assert.match(capabilities.fidelity, /^(?:bytes|rendered)$/)
      const flags = [
        'readonly',
        'ranges',
        'append',
        'metadata',
        'emptyDirectories',
        'batch',
        'versions',
        'snapshots',
        'search',
        'presign',
      ] as const
      for (const flag of flags) assert.equal(typeof capabilities[flag], 'boolean', flag)
      for (const choice of ['ifMatch', 'ifNoneMatch', 'rename', 'directoryRename', 'copy', 'changes'] as const) {
        assert.ok(capabilities[choice] === false || typeof capabilities[choice] === 'string', choice)
      }
      return Promise.resolve()
    },
  },
  { fitsReadonly: true },
)
