import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runTool, type ScratchPlace, scratchPlace } from './third-party-package.ts'

let scratch: ScratchPlace
beforeEach(async () => {
  scratch = await scratchPlace()
})
afterEach(() => scratch.remove())

const installers: Record<string, (tarball: string) => (directory: string) => Promise<void>> = {
  npm: (tarball) => (directory) =>
    runTool('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], directory),
  pnpm: (tarball) => (directory) => runTool('npx', ['--yes', 'pnpm@12.21.0', 'add', '--offline', '--ignore-scripts', tarball], directory),
}

describe.each(Object.entries(installers))("somebody's packed backend, installed by %s", (manager, install) => {
  it('is found by its scheme, imported when it is mounted, and read', { timeout: 120_000 }, async () => {
    const tarball = await scratch.pack()
    const application = await scratch.makeProject(install(tarball))
    expect(await scratch.runApplication(application, 'notion://acme')).toBe('Hello from acme')
    expect(await scratch.runApplication(application, 'notoin://acme')).toMatch(/No backend is known for notoin:.*Did you mean "notion"/)
    expect(await scratch.runApplication(application, 'notion://acme?worskpace=x')).toMatch(
      /There is no option "worskpace" for notion:.*Did you mean "workspace"/,
    )
    expect(await scratch.runApplication(application, 's3://bucket', application)).toContain(
      `Install it: ${manager === 'npm' ? 'npm install' : 'pnpm add'} @nexus/backend-s3`,
    )

    const packageFile = join(application, 'package.json')
    const json = JSON.parse(await readFile(packageFile, 'utf8')) as object
    await writeFile(packageFile, JSON.stringify({ ...json, dependencies: {} }))
    expect(await scratch.runApplication(application, 'notion://acme')).toContain('No backend is known for notion://.')
  })

  it('of another contract is refused before it is imported', { timeout: 120_000 }, async () => {
    const tarball = await scratch.pack({ nexus: { contract: 2, schemes: { notion: {} } }, exports: { '.': { import: './absent.js' } } })
    const application = await scratch.makeProject(install(tarball))
    expect(await scratch.runApplication(application, 'notion://acme')).toContain(
      'nexus-notion speaks version 2 of the backend contract, this @nexus/core speaks 1.',
    )
  })

  it('without its entry file is installed but broken', { timeout: 120_000 }, async () => {
    const tarball = await scratch.pack({ exports: { '.': { import: './absent.js' } } })
    const application = await scratch.makeProject(install(tarball))
    expect(await scratch.runApplication(application, 'notion://acme')).toMatch(
      /installed but broken \(nexus-notion\): its entry file is missing/,
    )
  })
})
