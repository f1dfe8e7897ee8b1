import { memoryBackend, openMemory } from '@nexus/backend-memory'
import type { BackendDefinition, Path } from '@nexus/core'

/** Memory in which `/never` never answers, whatever its signal says, and `/exit` ends the thread. */
const stubbornBackend: BackendDefinition = {
  ...memoryBackend,
  parseConfig: () => ({}),
  open: () => {
    const memory = openMemory()
    return Promise.resolve({
      ...memory,
      stat: (path: Path) => {
        if (path === '/never') return new Promise(() => undefined)
        if (path === '/exit') process.exit(3)
        return memory.stat(path)
      },
    })
  },
}

export default stubbornBackend
