/** How the studio is built into what the service serves: one page with relative addresses, so that it works under any prefix. */

import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  experimental: {
    // The page is served at the root, and what it is made of below `studio/`.
    renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `./studio/${name}` : { relative: true }),
  },
  build: {
    outDir: '../../app/static/studio',
    emptyOutDir: true,
    assetsInlineLimit: 0, // a data URL would need a hole in the policy
    modulePreload: false,
    target: 'es2023',
    // Those with `light-dark()` and `:dir()`: for older ones the latter would become a list of languages, and miss `dir="rtl"`.
    cssTarget: ['chrome123', 'firefox123', 'safari17.5'],
  },
});
