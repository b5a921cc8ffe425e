// The editor: one view, one state a file, so that each keeps its own history.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--key)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--string)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.typeName, tags.labelName, tags.meta], color: "var(--mark)" },
]);

/** What the page's policy knows the editor's own style sheet by. */
const nonce = EditorView.cspNonce.of("editor");

/** Whether a file is highlighted as YAML. */
const isYaml = (path) => /\.ya?ml$/.test(path);

export class Editor {
  #states = new Map();
  #active = null;

  /** `changed` is called with a path after each edit of a person. */
  constructor(parent, changed) {
    this.changed = changed;
    this.view = new EditorView({ parent, extensions: nonce });
  }

  get paths() {
    return [...this.#states.keys()];
  }

  get active() {
    return this.#active;
  }

  text(path) {
    return this.#state(path).doc.toString();
  }

  texts() {
    return Object.fromEntries(this.paths.map((path) => [path, this.text(path)]));
  }

  /** All files anew; the one that Compose begins with is shown. */
  load(files) {
    this.#states.clear();
    this.#active = null;
    for (const [path, text] of Object.entries(files)) this.add(path, text);
    this.open(this.paths.find((path) => /^(docker-)?compose\.ya?ml$/.test(path)) ?? this.paths[0]);
  }

  add(path, text) {
    this.#states.set(path, this.#fresh(path, text));
    if (path === this.#active) this.view.setState(this.#states.get(path));
  }

  remove(path) {
    this.#states.delete(path);
    if (this.#active === path) {
      this.#active = null;
      this.open(this.paths[0]);
    }
  }

  open(path) {
    if (this.#active !== null) this.#states.set(this.#active, this.view.state);
    this.#active = path;
    this.view.setState(this.#states.get(path));
  }

  /** Gives a file new text as one edit, which can be undone. */
  replace(path, text) {
    const state = this.#state(path);
    const change = { changes: { from: 0, to: state.doc.length, insert: text } };
    if (path === this.#active) this.view.dispatch(change);
    else this.#states.set(path, state.update(change).state);
  }

  /** Shows a place: line and column in characters, both from 1. */
  go(path, { line, column }) {
    if (path !== this.#active) this.open(path);
    const at = offset(this.view.state.doc, line, column);
    this.view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    this.view.focus();
  }

  /** Marks what was found in the file that is open: `{ file, start, end, severity, message }`. */
  mark(found) {
    const { doc } = this.view.state;
    const own = found.filter((one) => one.file === this.#active);
    const marks = own.map(({ start, end, severity, message }) => {
      const from = offset(doc, start.line, start.column);
      return { from, to: Math.max(from, offset(doc, end.line, end.column)), severity, message };
    });
    this.view.dispatch(setDiagnostics(this.view.state, marks));
  }

  #state(path) {
    return path === this.#active ? this.view.state : this.#states.get(path);
  }

  #fresh(path, doc) {
    return EditorState.create({
      doc,
      extensions: [
        lineNumbers(), lintGutter(), highlightActiveLineGutter(), history(), drawSelection(), indentOnInput(), indentUnit.of("  "),
        bracketMatching(), highlightActiveLine(), highlightSelectionMatches(), search({ top: true }),
        // Tab leaves the editor, as it leaves every other field.
        keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap]),
        isYaml(path) ? yaml() : [], syntaxHighlighting(look),
        EditorView.contentAttributes.of({ "aria-label": path, tabindex: "0", autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
        nonce,
        EditorView.updateListener.of((update) => { if (update.docChanged) this.changed(this.#active); }),
      ],
    });
  }
}

/** The offset of a place, as far as the text has it: it may be that of a moment ago. */
function offset(doc, number, column) {
  const line = doc.line(Math.min(Math.max(number, 1), doc.lines));
  let at = 0;
  for (const character of line.text) {
    if (column <= 1) break;
    at += character.length;
    column -= 1;
  }
  return line.from + at;
}
