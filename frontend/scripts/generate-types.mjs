/** Writes the TypeScript types of the service's answers and events from its OpenAPI document; with --check, compares. */

import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = new URL('../realtime/src/generated.ts', import.meta.url);

/** Bodies and answers of the API that a client has to do with; what they and the events refer to comes by itself. */
const WANTED = ['ImageBody', 'VideoBody', 'JobAccepted', 'JobView', 'JobPage', 'MediaPage', 'Models', 'UploadOpened', 'UploadAccepted', 'BrokenRule'];
/** Integers that go beyond 2^53. */
const WIDE = new Set(['seed']);
/** What is configured, and so another set with each service. */
const OPEN = new Set(['model']);
const REFERENCE = '#/components/schemas/';

const { schemas } = JSON.parse(execFileSync('python', ['-m', 'app', 'openapi'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 24 })).components;
const pending = [...WANTED];
const written = new Map();

const quoted = (value) => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value));

function typeOf(schema, name) {
  if (schema.$ref) {
    const target = schema.$ref.slice(REFERENCE.length);
    pending.push(target);
    return target;
  }
  if (schema.enum && !OPEN.has(name)) return schema.enum.map((value) => quoted(value)).join(' | ');
  if (schema.enum) return schema.enum.includes(null) ? 'string | null' : 'string';
  if (schema.anyOf) return schema.anyOf.map((each) => typeOf(each, name)).join(' | ');
  switch (schema.type) {
    case 'array':
      return `ReadonlyArray<${typeOf(schema.items, name)}>`;
    case 'object':
      return `Readonly<Record<string, ${schema.additionalProperties?.type ?? 'unknown'}>>`;
    case 'integer':
      return WIDE.has(name) ? 'number | bigint' : 'number';
    case 'number':
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    default:
      throw new Error(`no type for ${JSON.stringify(schema)}`);
  }
}

const comment = (text, indent = '') => (text ? `${indent}/** ${text.replaceAll('\n', ' ')} */\n` : '');

/** An answer always has all of its members, a body may leave out what has a default. */
function interfaceOf(name, { description, properties, required = [] }) {
  const isBody = name.endsWith('Body');
  const members = Object.entries(properties).map(([member, schema]) => {
    const isOptional = !required.includes(member) && (isBody || schema.default === null);
    return `${comment(schema.description, '  ')}  readonly ${member}${isOptional ? '?' : ''}: ${typeOf(schema, member)};\n`;
  });
  return `${comment(description)}export interface ${name} {\n${members.join('')}}\n`;
}

function eventsOf(names) {
  const payloads = names.map((name) => {
    const { data } = schemas[name].properties;
    const payload = typeOf(data.contentSchema ?? data, name);
    return `  readonly ${name}: ${payload};\n`;
  });
  return `/** Every event by its name, with its payload. */\nexport interface EventPayloads {\n${payloads.join('')}}\n`;
}

const events = eventsOf(Object.keys(schemas).filter((name) => /^[a-z]/.test(name)));
while (pending.length) {
  const name = pending.shift();
  if (!written.has(name)) written.set(name, interfaceOf(name, schemas[name]));
}
const text = ['/** Made from the OpenAPI document by `npm run types`; not to be edited. */\n', ...written.values(), events].join('\n');

if (process.argv.includes('--check')) {
  if ((await readFile(FILE, 'utf8').catch(() => '')) !== text) {
    console.error('realtime/src/generated.ts is not what the service describes. Run npm run types.');
    process.exitCode = 1;
  }
} else await writeFile(FILE, text);
