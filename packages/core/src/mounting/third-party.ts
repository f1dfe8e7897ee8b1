import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from './environment.ts'
import { isRecord } from './parse-manifest.ts'
import { type FoundPackage, readJson, resolvePackage } from './resolve-package.ts'
import { nexusHome } from './state-directory.ts'

/** Where packages are looked for. */
export interface SearchPlaces {
  /** `import.meta.url` of the application, when it told. */
  readonly resolveFrom?: string | undefined
  /** Packages that a configuration names, with the file they are resolved from. */
  readonly packages?: readonly { readonly name: string; readonly base: string }[] | undefined
  readonly environment: Environment
}

/** A package of somebody else that says it is a backend. Its manifest is not checked yet. */
export interface ThirdPartyPackage {
  readonly name: string
  readonly found: FoundPackage
  readonly schemes: readonly string[]
}

/** Files to resolve a known package from, in order: what the application said, core itself, the entry script, the working directory, `nexus-fs add`. */
export function searchBases({ resolveFrom, environment }: SearchPlaces): readonly string[] {
  const { workingDirectory } = environment
  const given = resolveFrom === undefined ? [] : [toFile(resolveFrom)]
  return [
    ...given,
    import.meta.filename,
    ...entryScripts(environment),
    join(workingDirectory, 'package.json'),
    addedPackagesFile(environment),
  ]
}

/** The `package.json` that `nexus-fs add` keeps its packages in. */
export function addedPackagesFile(environment: Environment): string {
  return join(nexusHome(environment), 'backends', 'package.json')
}

/**
 * Backends of other people that count: a trusted configuration names them, the application's own `package.json` depends on them, or `nexus-fs add` put them there, or they were
 * installed beside a program that has no project (`npm install --global`). Only `package.json` files are read; nothing is imported.
 */
export function thirdPartyPackages(places: SearchPlaces): readonly ThirdPartyPackage[] {
  const { environment } = places
  const projects = [...applicationFiles(places).flatMap(projectFiles), addedPackagesFile(environment)].filter((file) => existsSync(file))
  const named = (places.packages ?? []).map(({ name, base }) => ({ name, bases: [base, ...searchBases(places)] }))
  const declared = [...new Set(projects)].flatMap((file) => dependencyNames(file).map((name) => ({ name, bases: [file] })))
  const beside = applicationFiles(places).flatMap(globalNeighbours)
  const packages = [...named, ...declared, ...beside].flatMap(({ name, bases }) => readPackage(name, bases))
  return [...new Map(packages.map((item) => [item.found.directory, item])).values()]
}

function applicationFiles({ resolveFrom, environment }: SearchPlaces): readonly string[] {
  if (resolveFrom !== undefined) return [toFile(resolveFrom)]
  const scripts = entryScripts(environment)
  return scripts.length > 0 ? scripts : [join(environment.workingDirectory, 'package.json')]
}

/** The entry script as it was called and as it really is: a command in `.bin` is a link into its package. */
function entryScripts({ entryScript }: Environment): readonly string[] {
  if (entryScript === undefined || !existsSync(entryScript)) return []
  return [...new Set([entryScript, realpathSync(entryScript)])]
}

function toFile(base: string): string {
  return base.startsWith('file:') ? fileURLToPath(base) : base
}

/** The nearest project of a file and, for a tool that runs the application's code (a test runner), the project it is installed in. */
function projectFiles(file: string): readonly string[] {
  const outer = file.indexOf(`${sep}node_modules${sep}`)
  return [nearestProject(dirname(file)), outer === -1 ? undefined : join(file.slice(0, outer), 'package.json')].filter(
    (found) => found !== undefined,
  )
}

/** The `package.json` in a directory or the nearest one above it. */
export function nearestProject(start: string): string | undefined {
  for (let directory = start; ; directory = dirname(directory)) {
    const file = join(directory, 'package.json')
    if (existsSync(file)) return file
    if (dirname(directory) === directory) return undefined
  }
}

function dependencyNames(packageFile: string): readonly string[] {
  const { dependencies, optionalDependencies, devDependencies } = readJson(packageFile)
  return [dependencies, optionalDependencies, devDependencies].flatMap((group) => (isRecord(group) ? Object.keys(group) : []))
}

/** Packages in the same `node_modules` as a program, where that folder belongs to no project. */
function globalNeighbours(file: string): readonly { readonly name: string; readonly bases: readonly string[] }[] {
  const outer = file.indexOf(`${sep}node_modules${sep}`)
  if (outer === -1) return []
  const root = file.slice(0, outer)
  const base = join(root, 'package.json')
  if (existsSync(base)) return []
  const modules = join(root, 'node_modules')
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  )
  return names.filter((name) => !name.startsWith('.')).map((name) => ({ name, bases: [base] }))
}

function readPackage(name: string, bases: readonly string[]): readonly ThirdPartyPackage[] {
  const found = resolvePackage(name, bases)
  const field = found?.packageJson['nexus']
  if (found === undefined || !isRecord(field)) return []
  return [{ name, found, schemes: isRecord(field['schemes']) ? Object.keys(field['schemes']) : [] }]
}
