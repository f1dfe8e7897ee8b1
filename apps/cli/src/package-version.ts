import { readFileSync } from 'node:fs'

/** The version of `nexus-fs`, as its `package.json` says; the file stands one level above both `src` and `dist`. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }
  return version
}
