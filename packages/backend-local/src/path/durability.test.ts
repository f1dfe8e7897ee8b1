import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeDirectory } from '../../test/tree-fixture.ts'

const strace = spawnSync('strace', ['-V']).status === 0

/** Runs calls of a mount under strace; gives the system calls that matter, paths and descriptors resolved (`-y`). */
function trace(durability: string, calls: string): { readonly lines: string[]; readonly directory: string } {
  const directory = makeDirectory()
  const scratch = makeDirectory()
  const script = join(scratch, 'calls.ts')
  const openTree = fileURLToPath(new URL('../../test/open-test-tree.ts', import.meta.url))
  writeFileSync(script, `
    import { openTestTree } from ${JSON.stringify(openTree)}
    const backend = await openTestTree(${JSON.stringify(directory)}, { durability: ${JSON.stringify(durability)} })
    const body = new TextEncoder().encode('content')
    await backend.write('/warm', body)
    process.chdir('/')
    ${calls}
    await backend.close()`)
  const output = join(scratch, 'trace')
  execFileSync('strace', ['-f', '-y', '-qq', '-o', output, '-e', 'trace=fsync,fdatasync,rename,renameat2,link,chdir', process.execPath, '--conditions=nexus-source', script], {
    env: { ...process.env, UV_USE_IO_URING: '0' },
  })
  const lines = readFileSync(output, 'utf8').split('\n').filter((line) => !line.includes('resumed'))
  return { lines: lines.slice(lines.findIndex((line) => line.includes('chdir("/")')) + 1), directory }
}

/** What is synced and renamed, in order: `fsync temporary`, `rename`, `fsync directory`. */
function steps({ lines, directory }: { readonly lines: readonly string[]; readonly directory: string }): string[] {
  return lines.flatMap((line) => {
    const call = /\b(fsync|fdatasync|rename|renameat2|link)\(/.exec(line)?.[1]
    if (call === undefined) return []
    if (!call.endsWith('sync')) return [call]
    const target = /<([^>]*)>/.exec(line)?.[1] ?? ''
    return [`fsync ${target.replace(directory, '').replace(/\.nexus-tmp-\S*/, 'temporary')}`]
  })
}

describe.skipIf(!strace)('durability (strace)', () => {
  it('fsync: the content is on disk before its name, and its name before the answer', () => {
    expect(steps(trace('fsync', `await backend.write('/docs/a', body)`))).toEqual(['fsync ', 'fsync /temporary', 'rename', 'fsync /docs'])
  })

  it('fsync: attributes are on disk before the file has its name', () => {
    const seen = steps(trace('fsync', `await backend.write('/a', body, { metadata: { colour: 'red' } })`))
    expect(seen).toEqual(['fsync /temporary', 'fsync /.nexus-attributes', 'fsync /.nexus-attributes/files/temporary', 'rename', 'fsync /.nexus-attributes/files', 'rename', 'fsync '])
  })

  it('fsync: rename, delete, mkdir, append and copy sync what they changed', () => {
    const calls = `await backend.mkdir('/d'); await backend.rename('/warm', '/d/b'); await backend.append('/d/b', body); await backend.copy('/d/b', '/c'); await backend.delete('/c')`
    expect(steps(trace('fsync', calls))).toEqual(['fsync ', 'rename', 'fsync /d', 'fsync ', 'fsync /d/b', 'fsync /temporary', 'rename', 'fsync ', 'fsync '])
  })

  it('os: nothing is synced, and the name still comes last', () => {
    expect(steps(trace('os', `await backend.write('/docs/a', body, { metadata: { colour: 'red' } }); await backend.delete('/docs', { recursive: true })`))).toEqual(['rename', 'rename'])
  })
})
