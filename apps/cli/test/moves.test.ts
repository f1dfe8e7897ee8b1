import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openScratch, type Scratch } from './cli-harness.ts'

async function exitCode(scratch: Scratch, ...args: string[]): Promise<number | null> {
  return (await scratch.run(args)).code
}

/** A directory that cannot be moved as a whole while its link is in it, and a repository. */
async function openMoving(): Promise<Scratch> {
  const scratch = await openScratch()
  await mkdir(join(scratch.directory, 'plain/tree/sub'), { recursive: true })
  for (const path of ['a', 'sub/b', 'sub/c']) await writeFile(join(scratch.directory, 'plain/tree', path), path)
  await symlink('a', join(scratch.directory, 'plain/tree/z-link'))
  expect(await exitCode(scratch, 'mount', '--at', '/plain', 'local://./plain?layout=path')).toBe(0)
  expect(await exitCode(scratch, 'mount', '--at', '/kept', 'local://./kept?layout=cas')).toBe(0)
  return scratch
}

/** What `doctor --json` says of moves. */
function movesIn(stdout: string): { readonly ok: boolean; readonly told: string } | undefined {
  const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean; told: string }[] }
  return checks.find(({ name }) => name === 'moves')
}

it('mv goes on with a move between mounts that was broken off, into the directory that it made', async () => {
  await using scratch = await openMoving()
  const command = ['mv', '--non-atomic', '/plain/tree', '/kept/tree']
  const broken = await scratch.run(command)
  expect([broken.code, broken.stderr]).toEqual([expect.any(Number), expect.stringContaining('z-link')])
  expect(broken.code).not.toBe(0)
  const doctor = await scratch.run(['doctor', '--json'])
  expect(doctor.code).toBe(1)
  expect(movesIn(doctor.stdout)).toMatchObject({ ok: false })
  expect(movesIn(doctor.stdout)?.told).toContain('/tree of local://')

  await rm(join(scratch.directory, 'plain/tree/z-link'))
  const again = await scratch.run(command)
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('Going on with the move of /plain/tree')])
  expect(JSON.parse((await scratch.run(['ls', '--json', '/kept/tree'])).stdout.split('\n')[0] ?? '')).toMatchObject({ path: '/kept/tree/a' })
  expect(await readdir(join(scratch.directory, 'plain'))).not.toContain('tree')
  expect(movesIn((await scratch.run(['doctor', '--json'])).stdout)).toMatchObject({ ok: true, told: 'none unfinished' })
})

it('mv to a directory that was there before still moves into it', async () => {
  await using scratch = await openMoving()
  await rm(join(scratch.directory, 'plain/tree/z-link'))
  expect(await exitCode(scratch, 'mkdir', '/kept/there')).toBe(0)
  const moved = await scratch.run(['mv', '--non-atomic', '/plain/tree', '/kept/there'])
  expect([moved.code, moved.stderr]).toEqual([0, ''])
  expect(await exitCode(scratch, 'stat', '/kept/there/tree/sub/b')).toBe(0)
})
