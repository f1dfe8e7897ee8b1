import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

export default defineConfig(preset({ index: 'src/index.ts', contract: 'src/contract/index.ts', 'index-worker': 'src/repository/index-worker.ts', 'sync-worker': 'src/sync/sync-worker.ts' }, { external: ['@napi-rs/blake-hash'] }))
