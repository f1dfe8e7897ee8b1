import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const core = join(import.meta.dirname, '../../../packages/core')

/** Somebody's backend, one file of which can be read: `notion://<anything>` holds `hello.txt`. */
const backendSource = `
const capabilities = {
  fidelity: 'bytes', readonly: true, ifMatch: false, ifNoneMatch: false, ranges: false, append: false, metadata: false, emptyDirectories: false, rename: false,
  directoryRename: false, copy: false, batch: false, versions: false, snapshots: false, changes: false, search: false, presign: false,
}
const refuse = async () => { throw new Error('read-only') }
const open = async ({ workspace }) => {
  const bytes = new TextEncoder().encode('Hello from ' + workspace)
  const stat = (path) => ({ path, kind: 'file', sizeBytes: bytes.length, etag: '1', metadata: {} })
  return {
    scheme: 'notion', capabilities, stat: async (path) => stat(path), write: refuse, delete: refuse, mkdir: refuse, close: async () => {},
    read: async (path) => ({ stat: stat(path), bytes: async () => bytes, text: async () => new TextDecoder().decode(bytes), [Symbol.asyncDispose]: async () => {} }),
    list: async function* () { yield { name: 'hello.txt', ...stat('/hello.txt') } },
  }
}
export const notionBackend = { scheme: 'notion', contract: 1, fromUri: ({ authority, options }) => ({ ...options, workspace: authority }), parseConfig: (input) => input, open }
export default notionBackend
`

const packageJson = {
  name: 'nexus-notion',
  version: '1.4.2',
  type: 'module',
  // No `require` entry: what many packages publish, and what `require.resolve` cannot find.
  exports: { '.': { import: './index.js' } },
  nexus: {
    contract: 1,
    schemes: { notion: { definition: 'notionBackend', options: { workspace: { type: 'string', description: 'The workspace.' } } } },
  },
}

/** What an application does with it. */
const applicationSource = `
import { mount } from '@nexus/core'
const uri = process.argv[2]
try {
  const fs = await mount(uri, { ephemeral: true })
  console.log(await fs.readText('/notion/acme/hello.txt'))
  await fs.close()
} catch (error) {
  console.log(error.message)
}
`

/** A directory of its own for one test; `remove` takes everything away. */
export interface ScratchPlace {
  readonly root: string
  /** Packs the third party's package. @returns The tarball's host path. */
  readonly pack: (changes?: object) => Promise<string>
  /** Makes a project, lets `install` work in it, and links this workspace's core into it. */
  readonly makeProject: (install: (directory: string) => Promise<unknown>) => Promise<string>
  /** What the application prints; it runs in another directory than its own, unless one is given. */
  readonly runApplication: (directory: string, uri: string, workingDirectory?: string) => Promise<string>
  readonly remove: () => Promise<void>
}

/** Makes an empty place outside of the workspace. */
export async function scratchPlace(): Promise<ScratchPlace> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'nexus-third-party-')))
  return {
    root,
    pack: (changes) => pack(root, changes),
    makeProject: async (install) => {
      const directory = join(root, 'app')
      await place(join(directory, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }))
      await place(join(directory, 'main.js'), applicationSource)
      await install(directory)
      await mkdir(join(directory, 'node_modules/@nexus'), { recursive: true })
      await symlink(core, join(directory, 'node_modules/@nexus/core'))
      return directory
    },
    runApplication: async (directory, uri, workingDirectory = root) => {
      const { stdout } = await run(process.execPath, ['--conditions=nexus-source', join(directory, 'main.js'), uri], {
        cwd: workingDirectory,
        env: scratchEnvironment(root),
      })
      return stdout.trim()
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

/** The process's environment without what npm and pnpm left in it, and with state and home below `root`. */
export function scratchEnvironment(root: string): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?:lifecycle|package|command|execpath|node|config_user_agent)/.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    NEXUS_FS_STATE_DIR: join(root, 'state'),
    NEXUS_HOME: join(root, 'home'),
    npm_config_update_notifier: 'false',
  }
}

/** Runs a package manager. */
export async function runTool(file: string, args: readonly string[], directory: string): Promise<void> {
  await run(file, args, { cwd: directory, env: scratchEnvironment(dirname(directory)) })
}

async function pack(root: string, changes: object = {}): Promise<string> {
  const source = join(root, 'source')
  const manifest = { ...packageJson, ...changes }
  await place(join(source, 'package.json'), JSON.stringify(manifest))
  await place(join(source, 'index.js'), backendSource)
  await runTool('npm', ['pack', '--silent', '--pack-destination', root], source)
  return join(root, `${manifest.name}-${manifest.version}.tgz`)
}

async function place(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}
