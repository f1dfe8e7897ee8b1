// Packs every public package as it would be published and lets publint and attw look at it; then knip at the whole tree.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '..')
const bin = (name) => join(root, 'node_modules', '.bin', name)
const { version: pnpmVersion } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devEngines.packageManager

function run(file, argv, cwd = root) {
  const { status } = spawnSync(file, argv, { cwd, stdio: 'inherit' })
  return status === 0
}

function publicPackages() {
  return ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((directory) => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).private !== true)
}

function checkPackage(directory, target) {
  if (!run('npx', ['--yes', `pnpm@${pnpmVersion}`, 'pack', '--pack-destination', target, '--silent'], directory)) return false
  const tarball = readdirSync(target).find((name) => name.endsWith('.tgz'))
  const isFine = run(bin('publint'), ['run', join(target, tarball), '--strict']) && run(bin('attw'), [join(target, tarball), '--profile', 'esm-only', '--quiet'])
  rmSync(join(target, tarball))
  return isFine
}

const target = mkdtempSync(join(tmpdir(), 'nexus-pack-'))
const results = publicPackages().map((directory) => checkPackage(directory, target))
rmSync(target, { recursive: true })
if (!results.every(Boolean) || !run(bin('knip'), ['--no-progress'])) process.exit(1)
