import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// The page, into dist/page: the service serves it at `/`.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy takes no data: URL for scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The client takes `ws` on Node only.
    rolldownOptions: { external: ['ws'] },
  },
  worker: { format: 'es' },
});
