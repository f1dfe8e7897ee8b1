import type { MetadataFile } from './metadata-file.ts'
import { pruneMetadata } from './metadata-upkeep.ts'
import type { ScopeTables } from './metadata-store.ts'

/** So often it is looked whether the file is still the one at its path; somebody may delete the state directory at any time. */
const identityCheckMs = 1000

/** An open database, with the statements that were prepared on it. */
export interface Connection extends MetadataFile {
  readonly scopes: Map<string, ScopeTables>
}

/** The one connection of a process, opened when it is first asked for. */
interface CurrentConnection {
  /** @throws What opening fails with; the next call tries again */
  current(): Promise<Connection>
  isOpen(): boolean
  /** Closes what is open; the next call opens again, after throwing away a damaged file. */
  leave(options?: { readonly isDamaged?: boolean | undefined }): void
}

/** @param now Milliseconds since the epoch */
export function createConnection(path: string, now: () => number): CurrentConnection {
  let opening: Promise<Connection> | undefined
  let connection: Connection | undefined
  let checkedAt = 0
  let isDamaged = false
  const open = async (): Promise<Connection> => {
    const { openMetadataFile } = await import('./metadata-file.ts')
    const file = await openMetadataFile(path, { isDamaged })
    try {
      pruneMetadata(file.database, now())
    } catch (error) {
      file.database.close()
      throw error
    }
    checkedAt = performance.now()
    isDamaged = false
    return (connection = { ...file, scopes: new Map() })
  }
  const leave: CurrentConnection['leave'] = (options = {}) => {
    isDamaged ||= options.isDamaged === true
    connection?.database.close()
    connection = undefined
  }
  return {
    current: async () => {
      if (connection !== undefined && performance.now() - checkedAt >= identityCheckMs) {
        checkedAt = performance.now()
        const { metadataIdentity } = await import('./metadata-file.ts')
        // It may have been left while the module was loaded.
        if (metadataIdentity(path) !== (connection as Connection | undefined)?.identity) leave()
      }
      return connection ?? (opening ??= open().finally(() => (opening = undefined)))
    },
    isOpen: () => connection !== undefined,
    leave,
  }
}
