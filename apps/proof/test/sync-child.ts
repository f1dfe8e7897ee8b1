import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mountSync } from '@nexus/core'

// What `sync-process.test.ts` runs in a process of its own; the last line on stdout is its result as JSON.
const [scenario = ''] = process.argv.slice(2)
const resolveFrom = import.meta.url

const scenarios: Readonly<Record<string, () => unknown>> = {
  'ends without close': () => {
    const fs = mountSync('memory://x', { ephemeral: true, at: '/m', backends: { memory: '@nexus/backend-memory' }, resolveFrom })
    fs.write('/m/a', 'acknowledged')
    return { text: fs.readText('/m/a') }
  },
  'large bodies': () => {
    const directory = mkdtempSync(join(tmpdir(), 'nexus-sync-'))
    try {
      const fs = mountSync(`local://${directory}?layout=path&durability=os`, { ephemeral: true, at: '/m', backends: { local: '@nexus/backend-local' }, resolveFrom })
      fs.write('/m/warm', new Uint8Array(2_000_000))
      fs.read('/m/warm')
      const idleKib = process.resourceUsage().maxRSS
      const stat = fs.write('/m/large', repeated(512))
      let readBytes = 0
      for (const { byteLength } of fs.open('/m/large').stream()) readBytes += byteLength
      fs.close()
      return { written: stat.sizeBytes, readBytes, grownMib: (process.resourceUsage().maxRSS - idleKib) / 1024 }
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
}

function* repeated(count: number): Generator<Uint8Array> {
  const chunk = new Uint8Array(1024 * 1024)
  for (let index = 0; index < count; index++) yield chunk
}

console.log(JSON.stringify(scenarios[scenario]?.()))
