import { readMounts } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { layoutName } from '../layout-name.ts'
import { Findings } from '../outcomes.ts'
import { formatDuration } from '../terminal/format.ts'
import { formatTable } from '../terminal/table.ts'
import { type ProbedMount, probeMount } from './probe-mount.ts'

/** Opens every remembered mount, all at the same time, and prints how that went. @throws Findings when one failed */
export async function testMounts(cli: Cli): Promise<void> {
  const probed = await Promise.all((await readMounts()).map((remembered) => probeMount(cli, remembered)))
  if (cli.json) for (const one of probed) await cli.out.line(probedJson(one))
  else if (probed.length === 0) await cli.err.line('Nothing is mounted yet. Try: nexus-fs mount local://./data')
  else for (const line of probedLines(cli, probed)) await cli.out.line(line)
  if (probed.some(({ error }) => error !== undefined)) throw new Findings()
}

function probedJson({ remembered: { mountPoint, uri }, info, error, latencyMs, tookMs }: ProbedMount): string {
  const failure = error === undefined ? undefined : { code: error.code, message: error.reason }
  return JSON.stringify({ mountPoint, uri, state: error === undefined ? 'active' : 'unavailable', layout: info?.layout, latencyMs: latencyMs === undefined ? undefined : Math.round(latencyMs), tookMs: Math.round(tookMs), error: failure })
}

function probedLines({ out }: Cli, probed: readonly ProbedMount[]): string[] {
  const rows = probed.map(({ remembered: { mountPoint, uri }, info, error, latencyMs, tookMs }) => [
    out.paint('blue', out.name(mountPoint)),
    error === undefined ? out.paint('green', 'ok') : out.paint('red', error.code),
    layoutName(info?.layout),
    latencyMs === undefined ? '-' : formatDuration(latencyMs),
    formatDuration(tookMs),
    error === undefined ? out.name(uri) : `${out.name(uri)}: ${out.name(error.reason)}`,
  ])
  return formatTable([{ title: 'MOUNT POINT' }, { title: 'STATE' }, { title: 'LAYOUT' }, { title: 'LATENCY', align: 'right' }, { title: 'TOOK', align: 'right' }, { title: 'URI' }], rows)
}
