// Prints the module ENTRY and all that it imports as one classic script: bundle.mjs ENTRY
// A component of Vue or React is compiled as a build of Vite would do it.

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'vite';
import { compileScript, parse } from 'vue/compiler-sfc';

const [entry] = process.argv.slice(2);
const vue = {
  name: 'vue',
  load(id) {
    if (!id.endsWith('.vue')) return null;
    const { descriptor } = parse(readFileSync(id, 'utf8'), { filename: id });
    return compileScript(descriptor, { id: 'recipe', inlineTemplate: true }).content;
  },
};
const { output } = await build({
  root: dirname(entry),
  configFile: false,
  logLevel: 'error',
  esbuild: { jsx: 'automatic' },
  plugins: [vue],
  build: {
    write: false,
    minify: false,
    rollupOptions: { input: entry, output: { format: 'iife' } },
  },
});
process.stdout.write(output[0].code);
