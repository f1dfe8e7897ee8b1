import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { S3Config } from './config.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The sections of a shared credentials or configuration file: names to settings. */
export type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Where AWS' shared files are (AWS SDKs and Tools reference, "Shared config and credentials files"). */
export function sharedFiles({ credentialsPath }: S3Config, env: Environment): { credentials: string; config: string } {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir()
  return {
    credentials: credentialsPath ?? env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, '.aws', 'credentials'),
    config: env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config'),
  }
}

/** The profile that is meant. */
export function profileName({ profile }: S3Config, env: Environment): string {
  return profile ?? env['AWS_PROFILE'] ?? 'default'
}

/** Reads a shared file. @returns `undefined` where there is none; what is wrong with one that cannot be read, as a text */
export async function readSections(path: string): Promise<Sections | string | undefined> {
  try {
    return parseSections(await readFile(path, 'utf8'))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === '') throw error
    return `the file cannot be read (${code})`
  }
}

/** `[profile x]` of the configuration file is `x`, as in the credentials file. Nested settings (indented lines) are left out. */
function parseSections(text: string): Sections {
  const sections: Record<string, Record<string, string>> = {}
  let current: Record<string, string> | undefined
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/.exec(line)?.[1]
    const setting = /^([A-Za-z0-9_.-]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (header !== undefined) current = sections[header.replace(/^["'](.*)["']$/, '$1')] ??= {}
    else if (setting?.[1] !== undefined && current !== undefined) current[setting[1].toLowerCase()] = (setting[2] ?? '').replace(/\s[#;].*$/, '')
  }
  return sections
}
