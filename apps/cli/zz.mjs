import { mkdtempSync, mkdirSync, rmSync, promises as fsp, openSync, fsyncSync, closeSync } from 'node:fs'
import { mount } from './dist/index.js'
const root = mkdtempSync('/tmp/nx-')
mkdirSync(root + '/raw')
const body = (i) => { const x = new Uint8Array(1024).fill(7); x[0] = i; x[1] = i >> 8; x[2] = i >> 16; return x }
const med = (a) => a.sort((x, y) => x - y)[a.length >> 1]
const time = async (n, f, base) => { const t = performance.now(); for (let i = 0; i < n; i++) await f(base + i); return (performance.now() - t) / n * 1000 }
const raw = async (i) => { await fsp.writeFile(`${root}/raw/t${i}`, body(i)); await fsp.rename(`${root}/raw/t${i}`, `${root}/raw/f${i}`) }
for (const durability of ['os','fsync']) {
const fs = await mount(`local://${root}/${durability}?layout=cas&durability=${durability}`, { at: '/r', ephemeral: true })
const rows = {}
const row = async (name, n, ours, theirs, base) => { rows[name] ??= [[], []]; rows[name][0].push(await time(n, ours, base)); rows[name][1].push(await time(n, theirs, base)) }
const rawSync = async (i) => { const h = await fsp.open(`${root}/raw/t${i}`, 'w'); await h.write(body(i)); await h.sync(); await h.close(); await fsp.rename(`${root}/raw/t${i}`, `${root}/raw/f${i}`); const d = await fsp.open(`${root}/raw`); await d.sync(); await d.close() }
const theirs = durability === 'os' ? raw : rawSync
const N = durability === 'os' ? 500 : 60
for (let round = 0; round < 10; round++) {
  const b = (durability === 'os' ? 0 : 1e7) + round * N
  await row('write', N, (i) => fs.write(`/r/d/f${i}`, body(i)), theirs, b)
  await row('read', N, (i) => fs.read(`/r/d/f${i}`), (i) => fsp.readFile(`${root}/raw/f${i}`), b)
  await row('stat', N, (i) => fs.stat(`/r/d/f${i}`), (i) => fsp.stat(`${root}/raw/f${i}`), b)
  await row('write16', N / 20, (i) => Promise.all(Array.from({ length: 16 }, (_, k) => fs.write(`/r/d/g${i * 16 + k}`, body(i * 16 + k)))), (i) => Promise.all(Array.from({ length: 16 }, (_, k) => theirs(1e6+i * 16 + k))), b)
  await row('copy', N/5, (i) => fs.copy(`/r/d/f${i}`, `/r/d/c${i}`), (i) => fsp.copyFile(`${root}/raw/f${i}`, `${root}/raw/c${i}`), b)
}
for (const [n, [a, b]] of Object.entries(rows)) console.log(durability, n, med(a).toFixed(1), med(b).toFixed(1), 'ratio', (med(b) / med(a)).toFixed(2))
await fs.close()
}
rmSync(root, { recursive: true })
