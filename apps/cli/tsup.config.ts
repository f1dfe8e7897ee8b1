import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

export default defineConfig(preset(
  { index: 'src/index.ts', bin: 'src/bin.ts', tour: 'src/tour/main.ts' },
  // Programs have no types to give.
  { dts: { entry: { index: 'src/index.ts' } } },
))
