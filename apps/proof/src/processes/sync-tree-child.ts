import { localBackend } from '@nexus/backend-local'
import { mount } from '@nexus/core'

/** Brings one local directory into another and says each file that is done; argument: the two URIs. It is killed at some point, or ends. */
const [from = '', to = ''] = process.argv.slice(2)
const fs = await mount({ uri: from, at: '/from' }, { uri: to, at: '/to' }, { ephemeral: true, backends: { local: localBackend } })
const result = await fs.syncTree('/from', '/to', { concurrency: 4, onAction: ({ path }) => process.stdout.write(`${path}\n`) })
process.stdout.write(`${JSON.stringify({ failed: result.failed })}\n`)
await fs.close()
