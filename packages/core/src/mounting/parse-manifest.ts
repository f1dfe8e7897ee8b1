import { NexusError } from '../contract/errors.ts'
import type { BackendManifest, OptionManifest } from './manifest.ts'

/** Major version of the backend contract that this core speaks. */
export const contractMajor = 1

/** What `package.json` says under `nexus`: the contract's major and the schemes of the package. */
export interface NexusField {
  readonly contract: number
  readonly manifests: readonly BackendManifest[]
}

/**
 * Reads the `nexus` field of a `package.json`.
 * @param packageJson The parsed file.
 * @returns `undefined` when the package has no such field: it is no backend.
 * @throws NexusError `invalid_config`, naming package and key, when the field is not as documented.
 */
export function parseNexusField(packageJson: unknown, packageName: string): NexusField | undefined {
  if (!isRecord(packageJson) || packageJson['nexus'] === undefined) return undefined
  const field = packageJson['nexus']
  const refuse = refuseFor(packageName)
  if (!isRecord(field)) return refuse('is an object')
  const { contract, schemes } = field
  if (typeof contract !== 'number' || !Number.isInteger(contract))
    return refuse('has "contract", the major version of the contract, as a whole number')
  // Another major may describe its schemes otherwise: only their names matter, for the message that refuses it.
  if (!isRecord(schemes)) return refuse('has "schemes", an object from scheme to manifest')
  const manifests = Object.entries(schemes).map(([scheme, manifest]) =>
    parseScheme(scheme, manifest, { packageName, strict: contract === contractMajor }),
  )
  return { contract, manifests }
}

interface SchemeContext {
  readonly packageName: string
  readonly strict: boolean
}

function parseScheme(scheme: string, input: unknown, { packageName, strict }: SchemeContext): BackendManifest {
  if (!strict) return { scheme, package: packageName, definition: 'default' }
  const refuse = refuseFor(packageName)
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme))
    return refuse(`names the scheme ${JSON.stringify(scheme)}; a scheme is lower-case letters, digits, "+", "." and "-"`)
  if (!isRecord(input)) return refuse(`has an object at schemes.${scheme}`)
  const { definition = 'default', uri, capabilities, options, credentials = [] } = input
  if (typeof definition !== 'string') return refuse(`has a text at schemes.${scheme}.definition`)
  if (uri !== undefined && typeof uri !== 'string') return refuse(`has a text at schemes.${scheme}.uri`)
  if (capabilities !== undefined && typeof capabilities !== 'string') return refuse(`has a text at schemes.${scheme}.capabilities`)
  if (!isTexts(credentials)) return refuse(`has a list of texts at schemes.${scheme}.credentials`)
  if (options !== undefined && !isOptions(options)) return refuse(`has { type, description } for each option at schemes.${scheme}.options`)
  return { scheme, package: packageName, definition, uri, capabilities, options, credentials }
}

function refuseFor(packageName: string): (rule: string) => never {
  return (rule) => {
    throw new NexusError('invalid_config', {
      op: 'mount',
      reason: `The package ${packageName} is a broken Nexus backend: the "nexus" field of its package.json ${rule}.`,
    })
  }
}

const optionTypes: readonly unknown[] = ['string', 'integer', 'boolean'] satisfies OptionManifest['type'][]

function isOptions(input: unknown): input is Record<string, OptionManifest> {
  return (
    isRecord(input) &&
    Object.values(input).every(
      (option) => isRecord(option) && optionTypes.includes(option['type']) && typeof option['description'] === 'string',
    )
  )
}

function isTexts(input: unknown): input is string[] {
  return Array.isArray(input) && input.every((item) => typeof item === 'string')
}

/** Whether a value is an object with string keys, as JSON, YAML and option objects give it. */
export function isRecord(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
}
