// The page: what a person types and chooses, the plan for it, and how it is shown.

import * as diff from "./diff.js";
import { arrange, element, prose, say } from "./dom.js";
import { Editor } from "./editor.js";
import { start } from "./engine.js";
import { EXAMPLES } from "./examples.js";
import * as services from "./services.js";
import { pack, unpack } from "./share.js";
import { Tabs } from "./tabs.js";
import { theme } from "./theme.js";

const at = (selector) => document.querySelector(selector);

/** What extras do, in the order in which they are shown. */
const EXTRAS = {
  "cap-drop": ["cap_drop", "Drop all capabilities, and add back those that the image needs"],
  "no-new-privileges": ["no-new-privileges", "Forbid to gain privileges"],
  user: ["user", "Run as the user with which the image needs no capability"],
  "read-only-binds": ["read-only binds", "Mount files that are only read as read-only"],
  sizes: ["tmpfs sizes", "Bound what is in memory"],
  "named-volumes": ["named volumes", "Give a name to volumes that the image declares"],
  healthcheck: ["health check", "Add the check that is known of the image"],
};
/** A plan that takes longer than this many milliseconds waits until a person pauses. */
const QUICK = 40;
const PAUSE = 250;

const asked = { extras: [], assume: false, explain: false, presets: {}, decisions: {} };
const editor = new Editor(at("#editor"), later);
const tabs = new Tabs(editor, { changed: plan, marked: () => mark() });
let engine;
let restart;
let choices;
let last = null;
let took = 0;
let timer = null;

/** Plans soon: at once where that is quick, else when nobody types any more. */
function later() {
  performance.mark("edit");
  clearTimeout(timer);
  timer = setTimeout(plan, took > QUICK ? PAUSE : 0);
}

/** Plans and shows what comes of it. */
function plan() {
  clearTimeout(timer);
  if (!engine) return;
  const began = performance.now();
  const files = editor.texts();
  const answer = answerTo({ plan: { files, ...asked } });
  at("#changes").classList.toggle("stale", Boolean(answer.failure));
  if (answer.failure) showFailure(answer.failure);
  else show(answer.plan, files);
  took = performance.now() - began;
  performance.mark("planned", { detail: { took } });
}

/** Asks the program. A defect of it ends it: then a new one is started, and the page goes on. */
function answerTo(question) {
  try {
    return engine(question);
  } catch (error) {
    engine = restart();
    return { failure: { message: `The program stopped (${error.message}): a defect of it, not of your file.`, hint: "change the file, or report it" } };
  }
}

function show(planned, files) {
  last = planned;
  at("#failure")?.remove();
  const sum = sentence(planned);
  if (at("#sum").textContent !== sum) at("#sum").textContent = sum;
  const views = diff.views(planned.rewrites.map((rewrite) => [files[rewrite.path], rewrite, tools(rewrite)]));
  const warnings = planned.warnings.map((warning) => element("p", { className: "remark" }, prose(warning)));
  arrange(at("#diff"), [...warnings, ...held(planned), ...(views.length > 0 ? views : [nothing(planned)])]);
  services.show(at("#services"), planned, asked, { decide, preset, rule, go });
  mark();
}

/** What to do with a changed file. */
function tools(rewrite) {
  const button = (name, label, act) => element("button", { type: "button", "aria-label": `${label} ${rewrite.path}`, onclick: act }, name);
  return [
    button("Copy", "Copy the new", () => copy(rewrite.after, `${rewrite.path} copied`)),
    button("Patch", "Copy the patch of", () => copy(rewrite.patch, `Patch of ${rewrite.path} copied`)),
    button("Download", "Download the new", () => download(rewrite.path, rewrite.after)),
    button("Accept", "Accept the changes in", () => {
      editor.replace(rewrite.path, rewrite.after);
      plan();
      say(`The changes are in ${rewrite.path}. Undo takes them back.`);
    }),
  ];
}

/** Services that wait for a decision. */
function held(planned) {
  const open = planned.held_back.filter((one) => !planned.changed.includes(one.service));
  return open.map(({ service, why }) => element("p", { className: "remark" },
    element("span", {}, element("b", {}, service), ": ", prose(why)),
    element("button", { type: "button", onclick: () => { decide(service, true); at("#diff").focus(); } }, "Change it all the same")));
}

function nothing({ project }) {
  const hard = project.services.filter((service) => !service.surface.before.root).length;
  const { length } = project.services;
  if (length === 0) return element("p", { className: "nothing" }, "There is no service yet.");
  if (hard === length) return element("p", { className: "nothing good" }, length === 1 ? "The service has a read-only root already." : `All ${length} services have a read-only root already.`);
  return element("p", { className: "nothing" }, "Nothing is changed. Below is why.");
}

function sentence({ project, changed, held_back: waiting }) {
  const [before, after] = ["before", "after"].map((when) => project.services.reduce((sum, service) => sum + service.surface[when].score, 0));
  const parts = [`${changed.length} of ${project.services.length} services change`];
  if (before !== after) parts.push(`writable surface ${before} → ${after}`);
  const open = waiting.filter((one) => !changed.includes(one.service)).length;
  if (open > 0) parts.push(`${open} for you to decide`);
  return parts.join(" · ");
}

/** What cannot be read. What was shown before stays: most of it is true in a moment again. */
function showFailure({ message, hint, file, line, column, length }) {
  const place = file && element("button", { type: "button", className: "plain", onclick: () => go(file, { line, column }) }, `${file}:${line}:${column}`);
  const box = element("p", { className: "failure", id: "failure" }, place, place ? " " : "", prose(message), hint && element("small", {}, prose(hint)));
  at("#failure")?.remove();
  at("#diff").before(box);
  at("#sum").textContent = "This cannot be read yet";
  last = { ...last, failure: { file, start: { line, column }, end: { line, column: column + length }, severity: "error", message } };
  mark();
}

/** Marks in the editor what was found in its file. */
function mark() {
  if (!last) return;
  const found = last.failure?.file ? [last.failure] : (last.project?.findings ?? [])
    .filter((one) => !one.ignored && one.severity !== "note")
    .map(({ location, severity, message, rule: name }) => ({ ...location, severity, message: `${message} [${name}]` }));
  editor.mark(found);
}

function decide(service, isChanged) {
  asked.decisions[service] = isChanged;
  plan();
}

function preset(service, name, input) {
  const isKnown = name === "" || choices.presets.some((one) => one.name === name);
  input.setCustomValidity(isKnown ? "" : `There is no preset ${name}`);
  input.reportValidity();
  if (!isKnown) return;
  if (name === "") delete asked.presets[service];
  else asked.presets[service] = name;
  plan();
}

function rule(name) {
  at("#rule-title").textContent = name;
  // The markup is the program's own.
  at("#rule-page").innerHTML = engine({ rule: { name } }).rule.html;
  at("#rule").showModal();
}

function go(file, place) {
  editor.go(file, place);
  tabs.show();
  mark();
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
    toast(done);
  } catch {
    toast("The browser does not let this page copy. Select the text instead.");
  }
}

function toast(text) {
  const shown = element("p", { className: "toast", "aria-hidden": "true" }, text);
  document.body.append(shown);
  setTimeout(() => shown.remove(), 2500);
}

function download(path, text) {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/plain" })), download: path.split("/").pop() });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function share() {
  const fragment = await pack({ files: editor.texts(), ...asked });
  history.replaceState(null, "", `#${fragment}`);
  await copy(location.href, "Link copied. The project is in the link itself, behind its #.");
}

/** Opens a project: files, and choices where it brings some. */
function load({ files, extras = [], assume = false, explain = false, presets = {}, decisions = {} }) {
  Object.assign(asked, { extras, assume, explain, presets, decisions });
  for (const box of document.querySelectorAll("#extras input")) box.checked = asked.extras.includes(box.value);
  at("#assume").checked = asked.assume;
  at("#explain").checked = asked.explain;
  editor.load(files);
  tabs.show();
  plan();
}

function controls() {
  at("#extras").append(...choices.extras.map((name) => {
    const [label, title] = EXTRAS[name] ?? [name, ""];
    const box = element("input", { type: "checkbox", value: name });
    box.addEventListener("change", () => {
      asked.extras = [...document.querySelectorAll("#extras input:checked")].map((one) => one.value);
      plan();
    });
    return element("label", { title }, box, " ", label);
  }));
  for (const name of ["assume", "explain"]) {
    at(`#${name}`).addEventListener("change", (event) => { asked[name] = event.target.checked; plan(); });
  }
  const example = at("#example");
  example.append(...EXAMPLES.map(({ name }, i) => element("option", { value: String(i) }, name)));
  example.addEventListener("change", () => {
    if (example.value === "") return;
    load(EXAMPLES[Number(example.value)]);
    history.replaceState(null, "", location.pathname + location.search);
    example.value = "";
  });
  at("#share").addEventListener("click", share);
  at("#asked").addEventListener("submit", (event) => event.preventDefault());
  at("#rule-close").addEventListener("click", () => at("#rule").close());
  at("#rule").addEventListener("click", (event) => { if (event.target === at("#rule")) at("#rule").close(); });
  document.body.append(element("datalist", { id: "presets" }, choices.presets.map(({ name, summary }) => element("option", { value: name }, summary))));
  at("#version").textContent = `rofs-harden ${choices.version}, the same program as on the command line, with its ${choices.presets.length} presets.`;
}

async function main() {
  theme(at("#theme"));
  const [first, begin] = await Promise.all([unpack(location.hash), start()]);
  restart = begin;
  engine = restart();
  choices = engine("choices").choices;
  load(first ?? EXAMPLES[0]);
  controls();
  for (const box of document.querySelectorAll("#extras input")) box.checked = asked.extras.includes(box.value);
  addEventListener("hashchange", async () => {
    const project = await unpack(location.hash);
    if (project) load(project);
  });
}

main().catch((error) => {
  at("#diff").replaceChildren(element("p", { className: "failure" }, `This browser cannot run the page: ${error.message}`));
});
