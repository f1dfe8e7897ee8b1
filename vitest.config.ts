import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['nexus-source'] },
  ssr: { resolve: { conditions: ['nexus-source', 'node', 'import', 'default'] } },
  test: {
    include: ['{packages,apps,examples}/*/{src,test}/**/*.test.ts', 'docs/**/*.test.ts', 'scripts/**/*.test.ts'],
    execArgv: ['--conditions=nexus-source'],
    // The default leaves one core idle, and much of the time tests wait for processes and timers.
    maxWorkers: '100%',
    // Two slow cores that something else may use too: time decides no test, it only ends one that hangs.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    typecheck: { enabled: true, include: ['packages/*/test/**/*.test-d.ts'], tsconfig: './tsconfig.json' }
  }
})
