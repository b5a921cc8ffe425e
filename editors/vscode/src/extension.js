// Starts the language server, and gives people two commands. What it says of files is the server's.
'use strict';

const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');
const { execFile } = require('node:child_process');
const fs = require('node:fs/promises');
const path = require('node:path');
const program = require('./program');

/** Most bytes of a report. */
const MOST_BYTES = 64 * 1024 * 1024;

/** @type {LanguageClient | undefined} */
let client;

function settings() {
  const section = vscode.workspace.getConfiguration('rofs-harden');
  return program.settings((name) => section.get(name));
}

/** @param {vscode.ExtensionContext} context */
async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('rofs-harden.hardenThisProject', hardenThisProject),
    vscode.commands.registerCommand('rofs-harden.openReport', () => openReport(context)),
    vscode.workspace.onDidChangeConfiguration(changed),
  );
  await start();
}

async function start() {
  const now = settings();
  client = new LanguageClient('rofs-harden', 'rofs-harden', program.server(now), {
    documentSelector: [
      { scheme: 'file', language: 'yaml' },
      { scheme: 'file', language: 'dockercompose' },
    ],
    initializationOptions: program.options(now),
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    await vscode.window.showErrorMessage(program.trouble(now, error));
  }
}

async function stop() {
  const old = client;
  client = undefined;
  await old?.stop();
}

/** @param {vscode.ConfigurationChangeEvent} event */
async function changed(event) {
  if (!event.affectsConfiguration('rofs-harden')) return;
  const isAnother = ['path', 'log'].some((name) => event.affectsConfiguration(`rofs-harden.${name}`));
  if (isAnother || client === undefined) {
    await stop();
    await start();
    return;
  }
  await client.sendNotification('workspace/didChangeConfiguration', { settings: { 'rofs-harden': program.options(settings()) } });
}

/** The file that somebody looks at. */
function shown() {
  const document = vscode.window.activeTextEditor?.document;
  return document !== undefined && document.uri.scheme === 'file' ? document : undefined;
}

async function hardenThisProject() {
  const document = shown();
  if (client === undefined || document === undefined) {
    await vscode.window.showInformationMessage('rofs-harden: open a Compose file first');
    return;
  }
  const uri = client.code2ProtocolConverter.asUri(document.uri);
  try {
    await client.sendRequest('workspace/executeCommand', { command: 'rofs-harden.hardenProject', arguments: [uri] });
  } catch (error) {
    await vscode.window.showInformationMessage(program.trouble(settings(), error));
  }
}

/** @param {vscode.ExtensionContext} context */
async function openReport(context) {
  const document = shown();
  if (document === undefined) {
    await vscode.window.showInformationMessage('rofs-harden: open a Compose file first');
    return;
  }
  const now = settings();
  try {
    const html = await run(program.report(now, path.dirname(document.uri.fsPath)));
    const folder = context.globalStorageUri.fsPath;
    await fs.mkdir(folder, { recursive: true });
    const file = path.join(folder, 'report.html');
    await fs.writeFile(file, html);
    await vscode.env.openExternal(vscode.Uri.file(file));
  } catch (error) {
    await vscode.window.showErrorMessage(program.trouble(now, error));
  }
}

/**
 * Runs the program, and returns what it writes.
 * @param {{ command: string, args: string[] }} what
 * @returns {Promise<string>}
 */
function run({ command, args }) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: MOST_BYTES }, (error, out, said) => {
      if (error === null) resolve(out);
      else reject(typeof error.code === 'number' ? new Error(said.trim()) : error);
    });
  });
}

module.exports = { activate, deactivate: stop };
