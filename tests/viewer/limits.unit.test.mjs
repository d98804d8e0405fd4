// Limits on the size of files and functions of the page.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import ts from 'typescript';

const MAX_FILE_LINES = 350;
const MAX_FUNCTION_LINES = 50;
const folder = new URL('../../src/viewer/', import.meta.url);
const modules = readdirSync(folder).filter((name) => name.endsWith('.js'));
const read = (name) => readFileSync(new URL(name, folder), 'utf8');

/** Returns the functions of a module that are longer than the limit. */
function longFunctions(name, text) {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const found = [];
  const lineOf = (position) => file.getLineAndCharacterOfPosition(position).line;
  const visit = (node) => {
    const lines = lineOf(node.end) - lineOf(node.getStart()) + 1;
    if (ts.isFunctionLike(node) && lines > MAX_FUNCTION_LINES) found.push(`${name}: ${node.name?.getText() ?? 'function'} has ${lines} lines`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe('sizes of the page', () => {
  it('finds a function that is too long', () => {
    const body = '  f();\n'.repeat(MAX_FUNCTION_LINES);
    assert.deepEqual(longFunctions('a.js', `class A {\n m() {\n${body}}\n}`), ['a.js: m has 52 lines']);
  });

  it('are below the limits for files', () => {
    assert.ok(modules.length > 50);
    assert.deepEqual(modules.filter((name) => read(name).trimEnd().split('\n').length > MAX_FILE_LINES), []);
  });

  it('are below the limits for functions', () => {
    assert.deepEqual(modules.flatMap((name) => longFunctions(name, read(name))), []);
  });
});
