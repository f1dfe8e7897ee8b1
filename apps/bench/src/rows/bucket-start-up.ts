import { openNexusBucket } from '../buckets/nexus-bucket.ts'
import { openService } from '../buckets/open-service.ts'
import { runNode } from '../child.ts'
import type { Lab } from '../lab.ts'
import { formatTime, median } from '../statistics.ts'
import { nodeArguments } from '../workspace.ts'
import type { Fact, FactRow } from './row.ts'

interface Start {
  /** Microseconds. */
  readonly time: number
  readonly sdkModules: number
}

async function start(job: string, url = ''): Promise<Start> {
  const said: unknown = JSON.parse(await runNode(nodeArguments('bucket-start', [job, url])))
  if (typeof said === 'object' && said !== null && 'time' in said && typeof said.time === 'number' && 'sdkModules' in said && typeof said.sdkModules === 'number') {
    return { time: said.time, sdkModules: said.sdkModules }
  }
  throw new Error('The process that starts a backend said something else.')
}

async function rounds(lab: Lab, jobs: readonly string[], url?: string): Promise<Start[]> {
  const found = jobs.map(() => [] as Start[])
  for (let round = 0; round < lab.pick({ full: 7, quick: 3, tiny: 1 }); round++) {
    for (const [index, job] of jobs.entries()) found[index]?.push(await start(job, url))
  }
  return found.map((starts) => ({ time: median(starts.map(({ time }) => time)), sdkModules: Math.max(...starts.map(({ sdkModules }) => sdkModules)) }))
}

async function importing(lab: Lab): Promise<Fact[]> {
  const schemes = ['s3', 'gcs']
  const found = await rounds(lab, schemes.map((scheme) => `import ${scheme}`))
  return found.map(({ time, sdkModules }, index) => {
    return { title: `import "@nexus/backend-${schemes[index] ?? ''}"`, value: `${formatTime(time)}, ${sdkModules} modules of an SDK`, goal: 'none of an SDK', isReached: sdkModules === 0 }
  })
}

async function mounting(lab: Lab): Promise<Fact> {
  const service = await openService('s3')
  try {
    const store = await openNexusBucket(service)
    await store.file('/first').write(new Uint8Array(1024))
    await store.close()
    const [nexus, sdk] = await rounds(lab, ['mount nexus', 'mount SDK'], service.url)
    const value = `${formatTime(nexus?.time ?? NaN)}, ${formatTime(sdk?.time ?? NaN)} by the SDK`
    return { title: 'S3: import, mount and one stat, in a fresh process', value }
  } finally {
    await service.close()
  }
}

/** Fresh processes that use a bucket. */
export const bucketStartUpRow: FactRow = { kind: 'facts', title: 'S3 and GCS: start-up', measure: async (lab) => [...(await importing(lab)), await mounting(lab)] }
