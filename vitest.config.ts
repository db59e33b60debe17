import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
    setupFiles: ['test/support/fail-on-console.ts', 'test/support/seeded-properties.ts'],
    ...(name === 'web' ? { globalSetup: ['test/web/support/global-setup.ts'] } : {}),
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000),
      project('integration', 30_000),
      project('slow', 600_000),
      // Clients that others wrote: npm run test:peers installs them.
      project('peers', 60_000),
      // The page in a browser: npm run test:web builds it first.
      project('web', 240_000),
    ],
    maxWorkers: 2,
    // As src/main.ts does.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      exclude: ['src/main.ts', 'src/**/*.d.ts'],
      // A floor, not a goal: what is below it is the command line and the bench, which need processes.
      thresholds: { lines: 86, branches: 82, functions: 83 },
    },
  },
});
