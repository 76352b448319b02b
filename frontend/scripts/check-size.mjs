/** Fails when a package, bundled, minified and gzipped without React, is larger than it may be. */

import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const MOST_BYTES = { realtime: 8_000, ui: 15_000 };

async function sizeOf(name) {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      modulePreload: false,
      rolldownOptions: { input: new URL(`../${name}/dist/index.js`, import.meta.url).pathname, external: /^react/, preserveEntrySignatures: 'strict' },
    },
  });
  return gzipSync(built.output[0].code, { level: 9 }).length;
}

for (const [name, most] of Object.entries(MOST_BYTES)) {
  const size = await sizeOf(name);
  console.log(`@project/${name}: ${size} bytes of ${most}`);
  if (size > most) process.exitCode = 1;
}
