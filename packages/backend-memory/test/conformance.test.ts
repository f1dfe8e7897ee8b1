import { describeBackend } from '@nexus/conformance'
import { openMemory } from '@nexus/backend-memory'

describeBackend('memory', { open: () => openMemory() })
