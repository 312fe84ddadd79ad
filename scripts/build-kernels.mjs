// Compiles assembly/kernels.ts of the package it is run in, and the files beside it that it imports, to WebAssembly and
// embeds the bytes in src/generated/kernels.ts.
//
// The module imports its memory. That memory is a mapped data file, so a kernel module must bring nothing of its own
// into it: a data segment or a start function would write over the file's first page. Both are refused here.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';

const SECTION_NAMES = new Map([[8, 'start function'], [11, 'data segment']]);

const packageDir = process.cwd();
const sourceDir = join(packageDir, 'assembly');
const outputPath = join(packageDir, 'src', 'generated', 'kernels.ts');

const wasm = await compile();
const unwanted = sectionIds(wasm).filter((id) => SECTION_NAMES.has(id));
if (unwanted.length > 0) {
  throw new Error(`kernels.wasm has a ${unwanted.map((id) => SECTION_NAMES.get(id)).join(' and a ')}: it would write into the mapped file`);
}
const text = '// Generated from assembly/kernels.ts by scripts/build-kernels.mjs.\n'
  + `export const KERNELS_WASM_BASE64 =\n  '${Buffer.from(wasm).toString('base64')}';\n`;
mkdirSync(dirname(outputPath), { recursive: true });
if (readIfThere(outputPath) !== text) writeFileSync(outputPath, text);

/** @returns {Promise<Uint8Array>} */
async function compile() {
  let binary = null;
  const { error, stderr } = await asc.main([
    'kernels.ts', '--outFile', 'kernels.wasm',
    '-O3', '--noAssert', '--runtime', 'stub',
    '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536',
    '--enable', 'threads,simd,bulk-memory',
  ], {
    readFile: (name) => readIfThere(join(sourceDir, name)),
    writeFile: (name, contents) => { if (name === 'kernels.wasm') binary = contents; },
    listFiles: () => [],
  });
  if (error !== null || binary === null) {
    throw new Error(`assembly/kernels.ts does not compile: ${error?.message ?? 'no output'}\n${stderr.toString()}`);
  }
  return binary;
}

/** Section ids of a WebAssembly module, in file order (core specification, "Binary Format: Modules"). */
function sectionIds(bytes) {
  const ids = [];
  let at = 8;
  while (at < bytes.length) {
    ids.push(bytes[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return ids;
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
