// What is run, and with which words: nothing here knows the editor.
'use strict';

/**
 * @typedef {object} Settings
 * @property {string} path
 * @property {boolean} codeLens
 * @property {boolean} inlayHints
 * @property {string} pages
 * @property {string} log
 */

/**
 * Settings as the editor has them, with what is missing.
 * @param {(name: string) => unknown} get
 * @returns {Settings}
 */
function settings(get) {
  /** @param {string} name @param {string} fallback */
  const text = (name, fallback) => {
    const value = get(name);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : fallback;
  };
  return {
    path: text('path', 'rofs-harden'),
    codeLens: get('codeLens') !== false,
    inlayHints: get('inlayHints') === true,
    pages: text('pages', ''),
    log: text('log', ''),
  };
}

/**
 * How the server is started.
 * @param {Settings} of
 */
function server(of) {
  const log = of.log === '' ? [] : ['--log', of.log];
  return { command: of.path, args: ['server', ...log] };
}

/**
 * What the server is told of the settings.
 * @param {Settings} of
 */
function options(of) {
  const pages = of.pages === '' ? {} : { pages: of.pages };
  return { codeLens: of.codeLens, inlayHints: of.inlayHints, ...pages };
}

/**
 * How the report on a folder is made.
 * @param {Settings} of
 * @param {string} folder
 */
function report(of, folder) {
  return { command: of.path, args: ['audit', '--format', 'html', '--fail-on', 'never', '--', folder] };
}

/**
 * What to do when the program cannot be run.
 * @param {Settings} of
 * @param {unknown} error
 */
function trouble(of, error) {
  const code = /** @type {{ code?: unknown }} */ (error ?? {}).code;
  if (code === 'ENOENT' || /ENOENT/.test(String(error))) {
    return `rofs-harden: there is no program ${of.path}; install it, or set "rofs-harden.path"`;
  }
  return `rofs-harden: ${error instanceof Error ? error.message : String(error)}`;
}

module.exports = { settings, server, options, report, trouble };
