import { writeSync } from 'node:fs'
import { createRecordCodec, type Durability, journalStart, recordFlagFsync } from '@nexus/core/contract'
import { openLocalStore } from '../src/store/open.ts'

// A process for the tests: `append ROOT NAME COUNT DURABILITY`, `kill ROOT NAME STEP NTH DURABILITY BYTES`, `hold ROOT`. Writes `ack TEXT` lines for what was acknowledged.
const [command = '', root = '', name = '', ...rest] = process.argv.slice(2)
const codec = await createRecordCodec()
const [step, nth] = command === 'kill' ? [rest[0], Number(rest[1])] : [undefined, 0]
let seen = 0
const { journal, contents } = await openLocalStore({
  root,
  environment: {
    onStep: (at) => {
      if (at === step && ++seen === nth) process.kill(process.pid, 'SIGKILL')
    },
  },
})
let position = journalStart

async function commit(text: string, durability: Durability, bytes = 100): Promise<void> {
  const entries = await journal.append(position, (newer) => {
    const sequence = (newer.at(-1)?.sequence ?? position.sequence) + 1
    const header = new TextEncoder().encode(JSON.stringify({ text }))
    return [codec.encode({ sequence, flags: durability === 'fsync' ? recordFlagFsync : 0, header, contents: [new Uint8Array(bytes).fill(7)] })]
  }, { durability })
  position = entries.at(-1)?.end ?? position
  writeSync(1, `ack ${text}\n`)
}

if (command === 'append') {
  for (let index = 0; index < Number(rest[0]); index++) await commit(`${name}-${index}`, rest[1] as Durability)
}
if (command === 'kill') {
  const durability = rest[2] as Durability
  for (let index = 0; index < 100_000; index++) {
    const staged = await contents.stage(`cas/ab/ab${index}`, new Uint8Array(10), { durability })
    await staged.publish()
    await contents.settle({ durability })
    await commit(`${name}-${index}`, durability, Number(rest[3]))
  }
}
if (command === 'hold') {
  await journal.append(position, async () => {
    writeSync(1, 'held\n')
    await new Promise((resolve) => process.stdin.once('data', resolve))
    return []
  }, { durability: 'os' })
}
await journal.close()
process.exit(0)
