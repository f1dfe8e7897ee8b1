import { lstatSync } from 'node:fs'
import { homedir } from 'node:os'
import { readMounts } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { type Operand, parseCopyOperand } from './operand.ts'

/** Reads operands that may be paths of this machine, knowing what is mounted. @throws NexusError as {@link parseCopyOperand} */
export async function readOperands({ workingDirectory }: Cli, texts: readonly string[]): Promise<Operand[]> {
  const mountPoints = (await readMounts()).map(({ mountPoint }) => mountPoint)
  const existsOnHost = (hostPath: string): boolean => lstatSync(hostPath, { throwIfNoEntry: false }) !== undefined
  return texts.map((text) => parseCopyOperand(text, { workingDirectory, homeDirectory: homedir(), mountPoints, existsOnHost }))
}
