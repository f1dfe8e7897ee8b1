import { localBackend } from '@nexus/backend-local'
import { mount } from '@nexus/core'

/** Migrates what is remembered at `/data` to the URI that is its argument, writing to it meanwhile, and says each thing that was acknowledged. It is killed at some point, or ends. */
const [uri = '', name = ''] = process.argv.slice(2)
const fs = await mount({ backends: { local: localBackend } })
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const state = { isDone: false }
const writing = (async () => {
  for (let index = 0; !state.isDone; index++) {
    await fs.write(`/data/written/${name}-${index % 20}`, `${name} ${index}`)
    say(`wrote ${name}-${index % 20} ${name} ${index}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
})()
say('begun')
const { isSwitched } = await fs.migrate('/data', uri, { allowLoss: true, concurrency: 2 })
state.isDone = true
await writing
say(`switched ${String(isSwitched)}`)
await fs.close()
