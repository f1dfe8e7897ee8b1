import type { BackendDefinition } from '../contract/definition.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { builtinManifests } from './builtin-manifests.ts'
import type { BackendManifest } from './manifest.ts'
import { didYouMean } from './nearest.ts'
import { installCommand } from './package-manager.ts'
import { contractMajor, isRecord, parseNexusField } from './parse-manifest.ts'
import { type FoundPackage, resolvePackage } from './resolve-package.ts'
import { type SearchPlaces, searchBases, type ThirdPartyPackage, thirdPartyPackages } from './third-party.ts'

/** Definitions that the application gives itself: the one way that survives bundlers and Plug'n'Play. */
export type GivenBackends = Readonly<Record<string, BackendDefinition | (() => Promise<{ default: BackendDefinition }>)>>

/** Where a definition may come from. */
export interface RegistryOptions extends SearchPlaces {
  readonly backends?: GivenBackends | undefined
}

/** A backend's definition with what is known about it without it. */
export interface LoadedDefinition {
  readonly definition: BackendDefinition
  /** Absent for definitions that came by `backends`. */
  readonly manifest?: BackendManifest | undefined
}

/**
 * Finds and imports the definition of a scheme: what `backends` gives, then Nexus' own packages, then packages that the application
 * depends on. Nothing else is imported, whatever the URI says.
 * @throws NexusError `invalid_config` for an unknown scheme (the nearest known one is named), `unavailable` for a package that is not
 * installed (with the install command) or is broken, `unsupported` for another major of the contract.
 */
export async function loadDefinition(scheme: string, options: RegistryOptions): Promise<LoadedDefinition> {
  const given = options.backends !== undefined && Object.hasOwn(options.backends, scheme) ? options.backends[scheme] : undefined
  if (given !== undefined) return { definition: await loadGiven(scheme, given) }
  const builtin = builtinManifests.find((manifest) => manifest.scheme === scheme)
  if (builtin !== undefined) return loadInstalled(builtin, findInstalled(builtin, options))
  const { manifest, found } = findThirdParty(scheme, options)
  return loadInstalled(manifest, found)
}

async function loadGiven(scheme: string, given: NonNullable<GivenBackends[string]>): Promise<BackendDefinition> {
  const value: unknown = typeof given === 'function' ? await given() : given
  return checkDefinition(
    isRecord(value) && !('contract' in value) ? value['default'] : value,
    scheme,
    `what \`backends\` gives for "${scheme}"`,
  )
}

function findInstalled(manifest: BackendManifest, options: RegistryOptions): FoundPackage {
  const found = wrapBroken(manifest.package, () => resolvePackage(manifest.package, searchBases(options)))
  if (found !== undefined) return found
  const command = installCommand(manifest.package, options.environment)
  throw new NexusError('unavailable', {
    op: 'mount',
    backend: manifest.scheme,
    reason: `The backend for ${manifest.scheme}:// is not installed. Install it: ${command}`,
  })
}

function findThirdParty(scheme: string, options: RegistryOptions): { readonly manifest: BackendManifest; readonly found: FoundPackage } {
  const packages = thirdPartyPackages(options)
  const [chosen, other] = packages.filter(({ schemes }) => schemes.includes(scheme))
  if (chosen === undefined) throw unknownScheme(scheme, packages, options)
  if (other !== undefined) {
    const reason = `Two installed packages claim ${scheme}://: ${chosen.name} and ${other.name}. Remove one, or say which with \`backends\`.`
    throw new NexusError('invalid_config', { op: 'mount', backend: scheme, reason })
  }
  return { manifest: checkManifest(scheme, chosen), found: chosen.found }
}

function checkManifest(scheme: string, { name, found }: ThirdPartyPackage): BackendManifest {
  const field = parseNexusField(found.packageJson, name)
  const manifest = field?.manifests.find((candidate) => candidate.scheme === scheme)
  if (field === undefined || manifest === undefined)
    throw new NexusError('unexpected', { op: 'mount', reason: `The manifest of ${name} vanished while it was read.` })
  if (field.contract !== contractMajor) throw otherContract(name, field.contract, scheme)
  return manifest
}

function unknownScheme(scheme: string, packages: readonly ThirdPartyPackage[], { backends = {} }: RegistryOptions): NexusError {
  const known = [
    ...new Set([
      ...builtinManifests.map((manifest) => manifest.scheme),
      ...Object.keys(backends),
      ...packages.flatMap(({ schemes }) => schemes),
    ]),
  ]
  const reason =
    `No backend is known for ${scheme}://.${didYouMean(scheme, known)} Known schemes: ${known.join(', ')}. ` +
    'A package of somebody else counts when your package.json depends on it, when `backends` gives it, or after `nexus-fs add PACKAGE`.'
  return new NexusError('invalid_config', { op: 'mount', backend: scheme, reason })
}

async function loadInstalled(manifest: BackendManifest, { directory, entry }: FoundPackage): Promise<LoadedDefinition> {
  const { scheme, package: name } = manifest
  if (entry === undefined) throw broken(name, `its entry file is missing from ${directory}`)
  const module: unknown = await import(entry).catch((cause: unknown) => {
    throw broken(name, `importing ${directory} failed${cause instanceof Error ? `: ${cause.message}` : ''}`, cause)
  })
  const exported = exportedDefinition(module, manifest.definition)
  return { manifest, definition: checkDefinition(exported, scheme, `the export "${manifest.definition}" of ${name}`) }
}

/** By name, else `default`; a CommonJS package has everything below `default`. */
function exportedDefinition(module: unknown, definition: string): unknown {
  const exports = isRecord(module) ? module : {}
  const inner = isRecord(exports['default']) ? exports['default'] : {}
  return exports[definition] ?? inner[definition] ?? inner['default'] ?? exports['default']
}

const definitionFunctions = ['fromUri', 'parseConfig', 'open'] as const

function checkDefinition(input: unknown, scheme: string, place: string): BackendDefinition {
  if (!isRecord(input)) throw broken(place, 'it is no backend definition')
  if (input['contract'] !== contractMajor) throw otherContract(place, input['contract'], scheme)
  const missing = definitionFunctions.find((name) => typeof input[name] !== 'function')
  if (missing !== undefined) throw broken(place, `the function "${missing}" is missing`)
  if (input['scheme'] !== scheme) throw broken(place, `it is for ${String(input['scheme'])}://, not for ${scheme}://`)
  // Checked above, member by member.
  return input as unknown as BackendDefinition
}

function wrapBroken<T>(name: string, find: () => T): T {
  try {
    return find()
  } catch (cause) {
    if (isNexusError(cause)) throw cause
    throw broken(name, cause instanceof Error ? cause.message : 'it cannot be resolved', cause)
  }
}

function broken(name: string, problem: string, cause?: unknown): NexusError {
  return new NexusError('unavailable', {
    op: 'mount',
    reason: `A backend is installed but broken (${name}): ${problem}. Install it again or tell its authors.`,
    cause,
  })
}

function otherContract(name: string, contract: unknown, scheme: string): NexusError {
  const reason = `${name} speaks version ${String(contract)} of the backend contract, this @nexus/core speaks ${contractMajor}. Install versions of both that fit together.`
  return new NexusError('unsupported', { op: 'mount', backend: scheme, reason })
}
