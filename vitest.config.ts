import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // A worker runs many files: loading the gateway anew for each of two hundred would take longer than most tests.
    isolate: false,
    // Files are loaded by Node as in production, and not rewritten by Vite: it takes half as long, and what is tested is
    // what runs.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Tests wait for sockets more than they compute: a worker for each core would leave cores idle.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
  },
});
