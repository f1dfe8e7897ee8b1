// https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name, without what npm keeps only for old packages.
const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/** Whether a text is the name of an npm package, and not a path, a URL, a version or an option of npm's. */
export function isPackageName(name: string): boolean {
  return name.length <= 214 && !name.startsWith('-') && packageName.test(name)
}
