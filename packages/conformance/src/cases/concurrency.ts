import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { isNexusError } from '@nexus/core/contract'
import { patternBytes, toBytes } from '../bodies.ts'
import { type ContractCase, section, skip } from '../case.ts'
import { declared, fails, undeclared } from '../expect.ts'
import { at, bytesOf, holds, keysOf, put } from '../given.ts'

const numbers = Array.from({ length: 8 }, (_, index) => index)

/** Callers at the same time. */
export const concurrencyCases: readonly ContractCase[] = section('Concurrency', {
  'Of many writers of one file at the same time, one leaves the whole of its body.': async (context) => {
    const bodies = numbers.map((number) => patternBytes(70_000 + number, number + 1))
    await Promise.all(bodies.map((body) => put(context, '/file', body)))
    if (context.capabilities.fidelity === 'rendered') return
    const left = await bytesOf(context, '/file')
    assert.ok(
      bodies.some((body) => Buffer.compare(body, left) === 0),
      'The file holds none of the bodies.',
    )
  },
  'Writers of different files in one missing directory at the same time all succeed.': async (context) => {
    await Promise.all(numbers.map((number) => put(context, `/new/deep/${number}`, `file ${number}`)))
    for (const number of numbers) await holds(context, `/new/deep/${number}`, `file ${number}`)
    assert.equal((await keysOf(context, '/new/deep')).length, numbers.length)
  },
  'A reader beside a writer gets the old file or the new one, whole.': async (context) => {
    const [old, next] = [patternBytes(100_000, 1), patternBytes(100_000, 2)]
    await put(context, '/file', old)
    let isWritten = false
    const writing = put(context, '/file', next).finally(() => (isWritten = true))
    const reader = async (): Promise<void> => {
      for (let isLast = false; !isLast; ) {
        isLast = isWritten
        await setImmediate()
        const bytes = await bytesOf(context, '/file')
        const isWhole =
          context.capabilities.fidelity === 'rendered' || Buffer.compare(bytes, old) === 0 || Buffer.compare(bytes, next) === 0
        assert.ok(isWhole, 'A reader got neither the old file nor the new one.')
      }
    }
    await Promise.all([writing, ...numbers.map(reader)])
  },
  'Parts that are appended at the same time all arrive, each once and whole.': async (context) => {
    if (!context.capabilities.append) return undeclared(context, 'append', (append) => append(at('/log'), toBytes('x')))
    const append = declared(context, 'append')
    await Promise.all(numbers.map((number) => append(at('/log'), toBytes(`part ${number}\n`))))
    const lines = new TextDecoder().decode(await bytesOf(context, '/log')).split('\n')
    assert.deepEqual(lines.sort(), ['', ...numbers.map((number) => `part ${number}`)])
    return undefined
  },
  'Of many renames of one file at the same time, one succeeds and the others fail with `not_found`.': async (context) => {
    if (context.capabilities.rename === false) return undeclared(context, 'rename', (rename) => rename(at('/a'), at('/b')))
    if (context.capabilities.rename === 'emulated') return skip('Its renames take several steps.')
    const rename = declared(context, 'rename')
    await put(context, '/source', 'moved')
    const outcomes = await Promise.allSettled(numbers.map((number) => rename(at('/source'), at(`/target-${number}`))))
    for (const outcome of outcomes) if (outcome.status === 'rejected') await fails('not_found', Promise.reject(outcome.reason as Error))
    const [target, ...more] = await keysOf(context, '/')
    assert.deepEqual(more, [])
    return holds(context, `/${target}`, 'moved')
  },
  'Of many callers that make one directory at the same time, one succeeds and the others fail with `already_exists`; with `recursive` all succeed.':
    async (context) => {
      const { backend, capabilities } = context
      if (!capabilities.emptyDirectories) return fails('unsupported', backend.mkdir(at('/new')))
      const outcomes = await Promise.allSettled(numbers.map(() => backend.mkdir(at('/new'))))
      const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown)
      assert.ok(
        failures.every((error) => isNexusError(error, 'already_exists')),
        String(failures),
      )
      assert.equal(failures.length, numbers.length - 1)
      await Promise.all(numbers.map(() => backend.mkdir(at('/deep/er/est'), { recursive: true })))
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['deep/', 'deep/er/', 'deep/er/est/', 'new/'])
      return undefined
    },
  'Callers that delete one file at the same time succeed or fail with `not_found`, and one at least succeeds; with `force` all do.': async (
    context,
  ) => {
    const { backend } = context
    await put(context, '/file', 'x')
    const outcomes = await Promise.allSettled(numbers.map(() => backend.delete(at('/file'))))
    for (const outcome of outcomes) if (outcome.status === 'rejected') await fails('not_found', Promise.reject(outcome.reason as Error))
    assert.ok(
      outcomes.some((outcome) => outcome.status === 'fulfilled'),
      'Nobody deleted it.',
    )
    await put(context, '/file', 'x')
    await Promise.all(numbers.map(() => backend.delete(at('/file'), { force: true })))
    assert.deepEqual(await keysOf(context, '/'), [])
  },
  'Changes of the metadata of one file at the same time all arrive.': async (context) => {
    if (!context.capabilities.metadata) return undeclared(context, 'setMetadata', (setMetadata) => setMetadata(at('/file'), { colour: 'red' }))
    const setMetadata = declared(context, 'setMetadata')
    await put(context, '/file', 'x')
    await Promise.all(numbers.map((number) => setMetadata(at('/file'), { [`name-${number}`]: 'x' })))
    const { metadata } = await context.backend.stat(at('/file'))
    assert.deepEqual(metadata, Object.fromEntries(numbers.map((number) => [`name-${number}`, 'x'])))
    return undefined
  },
})
