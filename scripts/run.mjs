// What `npm start`, `npm test` and the other root commands run: brings pnpm, installs when the lockfile changed, builds what is
// stale, then hands over to the Node that the workspace brings. Must itself run on Node 20 without any dependency.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const modules = join(root, 'node_modules')
const { version: pnpmVersion } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devEngines.packageManager
const [command = 'help', ...rest] = process.argv.slice(2)
const args = rest[0] === '--' ? rest.slice(1) : rest

/** Environment in which the workspace's own tools and Node come first. */
function environment() {
  const path = [join(modules, '.bin'), process.env.PATH].join(process.platform === 'win32' ? ';' : ':')
  return { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1', npm_config_yes: 'true' }
}

/** Runs one step and ends this process with the step's exit code when it fails. A quiet one is heard only then. */
function step(file, argv, { isQuiet = false, ...options } = {}) {
  const output = isQuiet ? { stdio: ['inherit', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 2 ** 26 } : { stdio: 'inherit' }
  const { status, signal, error, stdout, stderr } = spawnSync(file, argv, { cwd: root, env: environment(), ...output, ...options })
  if (isQuiet && status !== 0) console.error(`${stdout ?? ''}${stderr ?? ''}`)
  if (error) {
    console.error(`${file}: ${error.message}`)
    process.exit(1)
  }
  if (signal) process.kill(process.pid, signal)
  if (status !== 0) process.exit(status ?? 1)
}

/** Runs a command of pnpm, which npm brings: nothing has to be installed beforehand. */
function pnpm(argv, options = {}) {
  step('npx', ['--yes', `pnpm@${pnpmVersion}`, ...argv], { shell: process.platform === 'win32', ...options })
}

function isInstalled() {
  const installed = join(modules, '.pnpm', 'lock.yaml')
  return existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')
}

function install() {
  if (isInstalled()) return
  console.log('Installing the workspace (once; the next run skips this) ...')
  pnpm(['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'])
}

function build() {
  console.log('Building what has changed ...')
  pnpm(['exec', 'turbo', 'run', 'build', '--output-logs=errors-only', '--log-prefix=none', '--no-update-notifier'], { isQuiet: true })
}

/** The newest Node at hand: the workspace's own, else the one that runs this file. */
function node() {
  const bundled = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node')
  return existsSync(bundled) ? bundled : process.execPath
}

function tool(name, argv) {
  step(node(), [join(modules, name), ...argv])
}

const lint = () => {
  tool('typescript/bin/tsc', ['-p', 'tsconfig.json'])
  tool('eslint/bin/eslint.js', ['.', '--cache', '--cache-location', 'node_modules/.cache/eslint/'])
}

/** CI reads the counts from a file; a person reads the terminal. */
const reporters = () => (process.env.NEXUS_TEST_REPORT ? ['--reporter=dot', `--reporter=${join(root, 'scripts', 'test-report.mjs')}`] : ['--reporter=default'])

const commands = {
  start: () => (build(), step(node(), ['apps/cli/dist/tour.js', ...args], { cwd: root })),
  build,
  lint,
  test: () => (build(), args.length === 0 && lint(), tool('vitest/vitest.mjs', ['run', ...reporters(), ...args])),
  vitest: () => tool('vitest/vitest.mjs', args),
  check: () => (build(), step(node(), ['scripts/check-packages.mjs'])),
  bench: () => (build(), step(node(), ['--expose-gc', 'apps/bench/dist/main.js', ...args])),
  faults: () => (build(), step(node(), ['--conditions=nexus-source', 'apps/proof/src/faults.ts', ...args])),
}

if (!Object.hasOwn(commands, command)) {
  console.error(`Unknown command "${command}". Commands: ${Object.keys(commands).join(', ')}.`)
  process.exit(2)
}
install()
commands[command]()
