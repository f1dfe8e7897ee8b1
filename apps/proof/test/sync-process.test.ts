import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { mountSync, type SyncNexusFS } from '@nexus/core'
import { describe, expect, it } from 'vitest'

const child = fileURLToPath(new URL('./sync-child.ts', import.meta.url))

/** Runs a scenario in a process of its own, and gives what it printed last. */
function run(scenario: string, flags: readonly string[] = []): { status: number | null; result: unknown; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=nexus-source', ...flags, child, scenario], { encoding: 'utf8', timeout: 60_000 })
  return { status, stderr, result: stdout.trim() === '' ? undefined : (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as unknown) }
}

function stubborn(): SyncNexusFS {
  const backends = { memory: new URL('./sync-stubborn-backend.ts', import.meta.url).href }
  return mountSync('memory://x', { ephemeral: true, at: '/m', backends })
}

describe('a process', () => {
  it('ends by itself without close()', () => {
    expect(run('ends without close')).toEqual({ status: 0, stderr: '', result: { text: 'acknowledged' } })
  })

  it('may be started with options that a thread refuses', () => {
    expect(run('ends without close', ['--max-old-space-size=500', '--expose-gc', '--title=x'])).toMatchObject({ status: 0 })
  })

  it('holds little of a large body at a time', () => {
    const sizeBytes = 512 * 1024 * 1024
    const { result, stderr } = run('large bodies')
    expect(stderr).toBe('')
    expect(result).toMatchObject({ written: sizeBytes, readBytes: sizeBytes })
    expect((result as { grownMib: number }).grownMib).toBeLessThan(200)
  })
})

describe('timeoutMs', () => {
  it('ends a call that never answers, and the next one works', () => {
    const fs = stubborn()
    expect(() => fs.stat('/m/never', { timeoutMs: 20 })).toThrow(expect.objectContaining({ code: 'timeout', op: 'stat', path: '/m/never' }))
    expect(fs.exists('/m/other', { timeoutMs: 5000 })).toBe(false)
    expect(() => fs.close({ timeoutMs: 20 })).toThrow(expect.objectContaining({ code: 'timeout', op: 'close' }))
    expect(() => fs.stat('/m')).toThrow(expect.objectContaining({ code: 'unavailable' }))
  })
})

describe('a write that ends while its iterable makes a call', () => {
  it('is told once that call is done, and the next one works', () => {
    const fs = stubborn()
    let pieces = 0
    function* slow(): Generator<Uint8Array> {
      for (; ; pieces++) {
        yield new Uint8Array(1)
        expect(() => fs.stat('/m/never', { timeoutMs: 200 })).toThrow(expect.objectContaining({ op: 'stat' }))
      }
    }
    expect(() => fs.write('/m/a', slow(), { timeoutMs: 20 })).toThrow(expect.objectContaining({ code: 'timeout', op: 'write' }))
    expect(pieces).toBe(1)
    for (let round = 0; round < 3; round++) expect(fs.exists('/m/a')).toBe(false)
  })
})

describe('a worker that ends', () => {
  it('is told as unavailable, now and later', () => {
    const fs = stubborn()
    expect(() => fs.stat('/m/exit')).toThrow(expect.objectContaining({ code: 'unavailable' }))
    expect(() => fs.stat('/m')).toThrow(expect.objectContaining({ code: 'unavailable' }))
    expect(() => fs.close()).toThrow(expect.objectContaining({ code: 'unavailable' }))
    fs.close()
  })
})
