import { createGate, type Gate } from './gate.ts'

/** The gate of an account: the same for the same name. */
export type GateFor = (account: string) => Gate

/** Gates by account, none closed. */
export function createGates(): GateFor {
  const gates = new Map<string, Gate>()
  return (account) => {
    const known = gates.get(account)
    if (known !== undefined) return known
    const gate = createGate()
    gates.set(account, gate)
    return gate
  }
}

const place: unique symbol = Symbol.for('nexus.gates')

/** The gates of this process. Several copies of this package may be loaded, and the provider counts them as one: so they stand where all copies find them. */
export function processGates(): GateFor {
  const world = globalThis as { [place]?: GateFor | undefined }
  return (world[place] ??= createGates())
}
