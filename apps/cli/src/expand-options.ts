const findOptions = new Set(['-name', '-iname', '-type', '-size', '-newer'])
const recursiveCommands = new Set(['ls', 'cp', 'rm'])

/** Lets options be written as other tools have them, which commander cannot say: `find -name`, and `-R` for `-r`. */
export function expandOptions(args: readonly string[]): readonly string[] {
  const [name = ''] = args
  const end = args.includes('--') ? args.indexOf('--') : args.length
  return args.map((arg, index) => {
    if (index >= end) return arg
    if (name === 'find' && findOptions.has(arg)) return `-${arg}`
    return recursiveCommands.has(name) && /^-[a-zA-Z]*R[a-zA-Z]*$/.test(arg) ? arg.replaceAll('R', 'r') : arg
  })
}
