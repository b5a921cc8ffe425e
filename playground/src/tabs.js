// The files as tabs, as the ARIA pattern has them: arrows move, Delete removes.

import { element, say } from "./dom.js";

/** Files that a project may have beside its first, with what they begin with. */
const OTHERS = {
  "compose.override.yaml": "services:\n",
  ".env": "",
  Dockerfile: "FROM node:22-slim\n",
  "rofs-harden.toml": "",
};
/** Most bytes of a file that is opened. */
const LARGEST = 2 ** 20;

export class Tabs {
  #list = document.querySelector("#tabs");
  #add = document.querySelector("#add");
  #menu = document.querySelector("#add-menu");
  #open = document.querySelector("#open");

  /** `changed` is called after a file came or went, `marked` after another one is shown. */
  constructor(editor, { changed, marked }) {
    Object.assign(this, { editor, changed, marked });
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#open.addEventListener("change", async () => {
      await this.#take([...this.#open.files]);
      this.#open.value = "";
    });
    this.#add.addEventListener("toggle", () => this.#fill());
    this.#add.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#add.open = false;
      this.#add.querySelector("summary").focus();
    });
    document.addEventListener("click", (event) => { if (!this.#add.contains(event.target)) this.#add.open = false; });
    addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });
    addEventListener("drop", async (event) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      await this.#take([...event.dataTransfer.files]);
    });
  }

  /** Shows the files that there are. */
  show() {
    const { paths, active } = this.editor;
    this.#list.replaceChildren(...paths.map((path, i) => element("button", {
      type: "button", role: "tab", id: `tab-${i}`, "aria-selected": String(path === active), "aria-controls": "editor",
      tabIndex: path === active ? 0 : -1, title: paths.length > 1 ? "Delete removes the file" : "", onclick: () => this.#select(path),
    }, path)));
    document.querySelector("#editor").setAttribute("aria-labelledby", `tab-${paths.indexOf(active)}`);
  }

  #select(path) {
    this.editor.open(path);
    this.show();
    this.#list.querySelector("[aria-selected=true]").focus();
    this.marked();
  }

  #key(event) {
    const { paths, active } = this.editor;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) this.#select(paths[(paths.indexOf(active) + step + paths.length) % paths.length]);
    else if (event.key === "Home") this.#select(paths[0]);
    else if (event.key === "End") this.#select(paths.at(-1));
    else if (event.key === "Delete" && paths.length > 1) this.#remove(active);
    else return;
    event.preventDefault();
  }

  #remove(path) {
    this.editor.remove(path);
    this.show();
    this.#list.querySelector("[aria-selected=true]").focus();
    say(`${path} removed`);
    this.changed();
  }

  /** What can be added, and what can be removed. */
  #fill() {
    if (!this.#add.open) return;
    const { paths, active } = this.editor;
    const choose = (name, act) => element("button", { type: "button", onclick: () => { this.#add.open = false; act(); } }, name);
    const name = element("input", { type: "text", placeholder: "another name", "aria-label": "Name of another file", spellcheck: false, autocomplete: "off", size: 16 });
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || name.value.trim() === "") return;
      this.#add.open = false;
      this.#put(name.value.trim(), "");
    });
    this.#menu.replaceChildren(
      ...Object.entries(OTHERS).filter(([path]) => !paths.includes(path)).map(([path, text]) => choose(path, () => this.#put(path, text))),
      name,
      element("hr"),
      choose("Open files…", () => this.#open.click()),
      ...(paths.length > 1 ? [choose(`Remove ${active}`, () => this.#remove(active))] : []));
  }

  #put(path, text) {
    if (!this.editor.paths.includes(path)) this.editor.add(path, text);
    this.#select(path);
    this.editor.view.focus();
    this.changed();
  }

  /** Takes files of the computer. The first Compose file among them begins a new project. */
  async #take(files) {
    const texts = await Promise.all(files.filter((file) => file.size <= LARGEST).map(async (file) => [file.name, await file.text()]));
    const refused = files.length - texts.length;
    if (refused > 0) say(`${refused} files are larger than 1 MiB and were left out`);
    if (texts.length === 0) return;
    if (texts.some(([path]) => /^(docker-)?compose\.ya?ml$/.test(path))) this.editor.load(Object.fromEntries(texts));
    else texts.forEach(([path, text]) => this.editor.add(path, text));
    this.show();
    this.changed();
  }
}
