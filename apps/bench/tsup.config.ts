import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

const entries = ['main', 'stream-memory', 'import-core', 'counted', 'bucket-service', 'bucket-memory', 'bucket-start']
export default defineConfig(preset(Object.fromEntries(entries.map((name) => [name, `src/${name}.ts`])), { dts: false }))
