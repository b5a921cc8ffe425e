// The extension with the real server, in an editor that is made of a few functions.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const Module = require('node:module');
const { spawn } = require('node:child_process');
const protocol = require('vscode-languageserver-protocol/node');

const PROGRAM = process.env.ROFS_HARDEN ?? 'rofs-harden';

/** An editor that remembers what it was asked for. @param {string} file */
function editor(file) {
  const commands = new Map();
  const said = [];
  const opened = [];
  const uri = (/** @type {string} */ fsPath) => ({ scheme: 'file', fsPath, toString: () => `file://${fsPath}` });
  const values = { path: PROGRAM };
  const vscode = {
    workspace: {
      getConfiguration: () => ({ get: (/** @type {string} */ name) => values[name] }),
      onDidChangeConfiguration: () => undefined,
    },
    window: {
      activeTextEditor: { document: { uri: uri(file) } },
      showErrorMessage: async (/** @type {string} */ text) => said.push(text),
      showInformationMessage: async (/** @type {string} */ text) => said.push(text),
    },
    commands: { registerCommand: (/** @type {string} */ name, /** @type {unknown} */ run) => commands.set(name, run) },
    env: { openExternal: async (/** @type {{ fsPath: string }} */ it) => opened.push(it.fsPath) },
    Uri: { file: uri },
  };
  return { vscode, commands, said, opened, values };
}

/** A client of the protocol with as much as the extension uses of it; the messages are those of the real library. */
class LanguageClient {
  static edits = [];
  /** @type {LanguageClient | undefined} */
  static last;

  constructor(_id, _name, server, options) {
    Object.assign(this, { server, options });
    LanguageClient.last = this;
    this.code2ProtocolConverter = { asUri: (/** @type {{ toString(): string }} */ it) => it.toString() };
  }

  async start() {
    this.child = spawn(this.server.command, this.server.args, { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve, reject) => this.child.once('spawn', resolve).once('error', reject));
    this.connection = protocol.createProtocolConnection(this.child.stdout, this.child.stdin);
    this.connection.onRequest('workspace/applyEdit', (asked) => {
      LanguageClient.edits.push(asked.edit);
      return { applied: true };
    });
    this.connection.listen();
    const capabilities = { workspace: { applyEdit: true, workspaceEdit: { documentChanges: true } } };
    await this.connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities, initializationOptions: this.options.initializationOptions });
    await this.connection.sendNotification('initialized', {});
  }

  sendRequest(method, params) {
    return this.connection.sendRequest(method, params);
  }

  sendNotification(method, params) {
    return this.connection.sendNotification(method, params);
  }

  async stop() {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    await new Promise((resolve) => this.child.once('exit', resolve));
  }
}

/** The extension in that editor. */
function extension(vscode) {
  const load = Module._load;
  Module._load = (name, ...rest) => {
    if (name === 'vscode') return vscode;
    return name === 'vscode-languageclient/node' ? { LanguageClient } : load(name, ...rest);
  };
  try {
    delete require.cache[require.resolve('../src/extension.js')];
    return require('../src/extension.js');
  } finally {
    Module._load = load;
  }
}

/** A project, the extension in an editor that shows its file, and where it keeps things. */
async function begun(t, values = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rofs-harden-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'compose.yaml');
  fs.writeFileSync(file, 'services:\n  web:\n    image: nginx:1.27\n');
  const it = editor(file);
  Object.assign(it.values, values);
  const own = extension(it.vscode);
  const context = { subscriptions: [], globalStorageUri: { fsPath: path.join(folder, 'storage') } };
  await own.activate(context);
  t.after(() => own.deactivate());
  return { ...it, file };
}

test('the project is hardened by the server', async (t) => {
  const { commands, said, file } = await begun(t);
  await commands.get('rofs-harden.hardenThisProject')();
  assert.match(said.join(), /the file is not open/);
  const uri = `file://${file}`;
  // What the real library sends when a document is opened.
  const opened = { uri, languageId: 'yaml', version: 1, text: fs.readFileSync(file, 'utf8') };
  await LanguageClient.last.sendNotification('textDocument/didOpen', { textDocument: opened });
  await commands.get('rofs-harden.hardenThisProject')();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const [change] = LanguageClient.edits.at(-1).documentChanges;
  assert.equal(change.textDocument.uri, uri);
  assert.match(change.edits[0].newText, /read_only: true/);
});

test('the report is opened as a page', async (t) => {
  const { commands, opened, said } = await begun(t);
  await commands.get('rofs-harden.openReport')();
  assert.deepEqual(said, []);
  assert.match(fs.readFileSync(opened[0], 'utf8'), /^<!doctype html>[^]*nginx/i);
});

test('a program that is not there is said, and the commands still answer', async (t) => {
  const { commands, said } = await begun(t, { path: '/no/such/program' });
  assert.match(said[0], /no program \/no\/such\/program/);
  await commands.get('rofs-harden.hardenThisProject')();
  await commands.get('rofs-harden.openReport')();
  assert.match(said[2], /no program/);
});
