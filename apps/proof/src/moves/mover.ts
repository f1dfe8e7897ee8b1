import { writeSync } from 'node:fs'
import localBackend from '@nexus/backend-local'
import { type Backend, mount } from '@nexus/core'
import type { MovePlan, MoverReport } from './plan.ts'

// A process that moves a tree from one mount to another until it is done or killed: `mover.ts PLAN`, with the plan as JSON (plan.ts).
const plan = JSON.parse(process.argv[2] ?? '{}') as MovePlan

function report(line: MoverReport): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

/** Says what happens at the mount of layout `path`; a repository is opened by core and says nothing. */
function reporting(backend: Backend): Backend {
  return {
    ...backend,
    read: (path, options) => (report({ begun: 'read' }), backend.read(path, options)),
    write: async (path, body, options) => {
      report({ begun: 'write' })
      const stat = await backend.write(path, body, options)
      report({ written: path })
      return stat
    },
    delete: async (path, options) => {
      report({ begun: 'delete' })
      await backend.delete(path, options)
    },
  }
}

process.env['NEXUS_FS_STATE_DIR'] = plan.state
const local = { ...localBackend, open: async (...given: Parameters<typeof localBackend.open>) => reporting(await localBackend.open(...given)) }
await using fs = await mount({ uri: plan.from, at: '/from' }, { uri: plan.to, at: '/to' }, { ephemeral: true, backends: { local }, resolveFrom: import.meta.url })
report({ begun: 'move' })
await fs.rename('/from/tree', '/to/tree', { allowNonAtomic: true })
report({ begun: 'end' })
