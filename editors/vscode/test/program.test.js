'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const program = require('../src/program');

const of = (/** @type {Record<string, unknown>} */ values) => program.settings((name) => values[name]);

test('settings that are missing or empty are the usual ones', () => {
  const usual = { path: 'rofs-harden', codeLens: true, inlayHints: false, pages: '', log: '' };
  assert.deepEqual(of({}), usual);
  assert.deepEqual(of({ path: ' ', codeLens: 'x', inlayHints: 1, pages: null, log: '' }), usual);
});

test('the server and the report are started with what is set', () => {
  const set = of({ path: '/opt/x', log: '/tmp/log', inlayHints: true, codeLens: false, pages: 'https://example.org/{rule}' });
  assert.deepEqual(program.server(set), { command: '/opt/x', args: ['server', '--log', '/tmp/log'] });
  assert.deepEqual(program.options(set), { codeLens: false, inlayHints: true, pages: 'https://example.org/{rule}' });
  assert.deepEqual(program.server(of({})), { command: 'rofs-harden', args: ['server'] });
  assert.deepEqual(program.report(set, '-x').args.slice(-2), ['--', '-x']);
});

test('a program that is not there is named with what to do', () => {
  assert.match(program.trouble(of({ path: '/no' }), Object.assign(new Error('spawn'), { code: 'ENOENT' })), /no program \/no; install it, or set/);
  assert.equal(program.trouble(of({}), new Error('x')), 'rofs-harden: x');
});

test('what the extension contributes is what it does', () => {
  const { contributes } = require('../package.json');
  const source = require('node:fs').readFileSync(require.resolve('../src/extension.js'), 'utf8');
  for (const { command } of contributes.commands) assert.ok(source.includes(`'${command}'`), command);
  const names = Object.keys(contributes.configuration.properties).map((name) => name.replace('rofs-harden.', ''));
  assert.deepEqual(names.sort(), Object.keys(of({})).sort());
});
