import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Disk } from './disk.ts'
import { workspaceRoot } from './workspace.ts'

/** Lines about what was measured on what. */
export function machineFacts({ root, description }: Disk): string[] {
  const [load = 0] = loadavg()
  return [
    `- CPU: ${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores; ${Math.round(totalmem() / 1e9)} GB of memory; load when it began: ${load.toFixed(1)}`,
    `- ${platform()} ${release()} ${arch()}; filesystem: ${filesystemOf(root)}, ${description}`,
    `- Node ${process.version}, V8 ${process.versions.v8}, libuv ${process.versions.uv}`,
    `- ${packageVersions().join(', ')}`,
  ]
}

/** The kind of filesystem that holds a path, by the longest mount point. */
function filesystemOf(path: string): string {
  if (platform() !== 'linux') return 'unknown'
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' '))
  const holding = mounts.filter(([, point = '-']) => path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`))
  const [, , kind, options = ''] = holding.sort((left, right) => (right[1]?.length ?? 0) - (left[1]?.length ?? 0))[0] ?? []
  return `${kind ?? 'unknown'} (${options})`
}

function packageVersions(): string[] {
  const core = createRequire(join(workspaceRoot, 'packages', 'core', 'package.json'))
  const bench = createRequire(join(workspaceRoot, 'apps', 'bench', 'package.json'))
  const ours = ['better-sqlite3', 'hash-wasm', '@napi-rs/blake-hash'].map((name) => versionOf(core, name))
  return [...ours, ...['opendal', 'unstorage', 'flydrive', '@flystorage/local-fs', 'cacache'].map((name) => versionOf(bench, name))]
}

/** Not every package shows its `package.json`, so it is looked for where the package would be. */
function versionOf(require: NodeJS.Require, name: string): string {
  for (const directory of require.resolve.paths(name) ?? []) {
    const text = readIfThere(join(directory, name, 'package.json'))
    if (text === undefined) continue
    const found: unknown = JSON.parse(text)
    if (typeof found === 'object' && found !== null && 'version' in found && typeof found.version === 'string') return `${name} ${found.version}`
  }
  return `${name} not installed`
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
