import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A running Ceph object gateway, a cluster of one node in memory. */
export interface Radosgw {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  close(): Promise<void>
}

const binaries = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool']
const keys = { accessKeyId: 'NEXUSTESTKEY', secretAccessKey: 'nexus-test-secret' }

/** Why it cannot run here; `undefined` where it can. */
export function whyNoRadosgw(): string | undefined {
  const missing = binaries.filter((name) => !['/usr/bin', '/usr/local/bin', '/usr/sbin'].some((directory) => existsSync(join(directory, name))))
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed: apt-get install radosgw ceph-mon ceph-osd ceph-common`
}

/** Starts monitor, storage daemon and gateway below a temporary directory. */
export async function startRadosgw(): Promise<Radosgw> {
  const root = await mkdtemp(join(tmpdir(), 'nexus-ceph-'))
  const [monPort, gatewayPort] = [await freePort(), await freePort()]
  const cluster: Cluster = { root, conf: join(root, 'ceph.conf'), children: new Set(), isClosing: false }
  const close = async (): Promise<void> => {
    cluster.isClosing = true
    await Promise.all([...cluster.children].reverse().map(stop))
    await rm(root, { recursive: true, force: true })
  }
  try {
    await writeConfiguration(cluster.root, { monPort, gatewayPort })
    await startCluster(cluster, monPort)
    const identity = ['--uid=nexus', '--display-name=nexus', `--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`]
    await run(cluster.conf, 'radosgw-admin', ['--name=client.rgw.a', 'user', 'create', ...identity])
    start(cluster, 'radosgw', ['-f', '--name=client.rgw.a'])
    const endpoint = `http://127.0.0.1:${gatewayPort}`
    await answering(endpoint)
    return { endpoint, ...keys, close }
  } catch (error) {
    await close()
    throw error
  }
}

interface Cluster {
  readonly root: string
  readonly conf: string
  readonly children: Set<ChildProcess>
  isClosing: boolean
}

/** Ten times what a cold machine takes. */
const patienceMs = 120_000

async function writeConfiguration(root: string, { monPort, gatewayPort }: { monPort: number; gatewayPort: number }): Promise<void> {
  const lines = [
    '[global]', `fsid = ${crypto.randomUUID()}`, 'auth cluster required = none', 'auth service required = none', 'auth client required = none',
    `mon host = v1:127.0.0.1:${monPort}`, 'mon initial members = a', 'osd pool default size = 1', 'osd pool default min size = 1', 'mon allow pool size one = true',
    'osd pool default pg num = 1', 'osd pool default pgp num = 1', 'osd crush chooseleaf type = 0', 'mon max pg per osd = 1000', `run dir = ${root}`,
    `admin socket = ${root}/$name.asok`, `log file = ${root}/$name.log`, 'mon data avail crit = 0', 'mon warn on pool no redundancy = false', 'ms bind msgr2 = false',
    '[mon.a]', `mon data = ${root}/mon`,
    '[osd.0]', `osd data = ${root}/osd`, 'osd objectstore = memstore', 'memstore device bytes = 1073741824',
    '[client.rgw.a]', `rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}`, 'ms mon client mode = crc secure', `rgw data = ${root}/rgw`,
  ]
  await writeFile(join(root, 'ceph.conf'), `${lines.join('\n')}\n`)
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(root, name))
}

async function startCluster(cluster: Cluster, monPort: number): Promise<void> {
  const { root, conf } = cluster
  const fsid = /fsid = (.*)/.exec(await readFile(conf, 'utf8'))?.[1] ?? ''
  const map = join(root, 'monmap')
  await run(conf, 'monmaptool', ['--create', '--addv', 'a', `[v1:127.0.0.1:${monPort}]`, '--fsid', fsid, map])
  await run(conf, 'ceph-mon', ['--mkfs', '-i', 'a', '--monmap', map])
  start(cluster, 'ceph-mon', ['-f', '-i', 'a'])
  const id = crypto.randomUUID()
  await run(conf, 'ceph', ['--connect-timeout', '60', 'osd', 'new', id])
  await run(conf, 'ceph', ['osd', 'crush', 'add', 'osd.0', '1.0', 'host=localhost', 'root=default'])
  await run(conf, 'ceph-osd', ['--mkfs', '-i', '0', '--osd-uuid', id])
  start(cluster, 'ceph-osd', ['-f', '-i', '0'])
}

/** A storage daemon that asks the monitor too early is told "wrong fsid" and ends: what ends by itself is started again. */
function start(cluster: Cluster, command: string, args: readonly string[]): void {
  const { conf, children } = cluster
  const child = spawn(command, ['-c', conf, ...args], { stdio: 'ignore' })
  children.add(child)
  child.once('exit', () => {
    children.delete(child)
    if (!cluster.isClosing) start(cluster, command, args)
  })
}

async function run(conf: string, command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, ['-c', conf, ...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: patienceMs, killSignal: 'SIGKILL' })
  const errors: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed with ${code}: ${Buffer.concat(errors).toString().slice(-500)}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await ended
}

/** The gateway makes its pools at its first start. */
async function answering(endpoint: string): Promise<void> {
  const deadline = AbortSignal.timeout(patienceMs)
  for (;;) {
    deadline.throwIfAborted()
    try {
      await fetch(endpoint, { signal: deadline })
      return
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  return address.port
}
