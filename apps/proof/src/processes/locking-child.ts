import { openLocalStore } from '@nexus/backend-local'
import { isNexusError } from '@nexus/core'

// A process that asks for the lock of a repository: `locking-child.ts ROOT`. Says `free`, or the code with which it was refused.
const { journal } = await openLocalStore({ root: process.argv[2] ?? '', environment: { lockTimeoutMs: 100 } })
try {
  await journal.sync()
  console.log('free')
} catch (error) {
  console.log(isNexusError(error) ? error.code : String(error))
} finally {
  await journal.close()
}
