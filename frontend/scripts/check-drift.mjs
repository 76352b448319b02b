/** Fails when the studio that the service serves is not, byte for byte, what its source builds into. */

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const STUDIO = fileURLToPath(new URL('../studio', import.meta.url));
const SERVED = fileURLToPath(new URL('../../app/static/studio', import.meta.url));

/** Every file below a directory: its name and what is in it. */
async function filesOf(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(names.map(async (name) => [name.slice(directory.length + 1), await readFile(name)])));
}

const fresh = await mkdtemp(join(tmpdir(), 'studio-'));
try {
  await build({ root: STUDIO, logLevel: 'error', build: { outDir: fresh } });
  const [built, served] = await Promise.all([filesOf(fresh), filesOf(SERVED)]);
  const names = new Set([...built.keys(), ...served.keys()]);
  const different = [...names].filter((name) => !built.get(name)?.equals(served.get(name) ?? Buffer.alloc(0)));
  console.log(different.length ? `app/static/studio is not what frontend/studio builds into: ${different.sort().join(', ')}. Run make frontend.` : 'app/static/studio: as built');
  if (different.length) process.exitCode = 1;
} finally {
  await rm(fresh, { recursive: true });
}
