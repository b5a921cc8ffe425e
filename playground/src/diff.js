// The change of each file, with the reasons beside the lines.

import { arrange, element, isAddress, prose, source } from "./dom.js";

/** Lines shown around a change. */
const CONTEXT = 3;

/** Rows of a file: `{ sign, number, text }`, with `{ skipped }` where lines stay that are far from any change. */
export function rows(before, rewrite) {
  const [old, fresh] = [before, rewrite.after].map(lines);
  const found = [];
  let at = 0;
  const same = (from, until) => {
    for (let i = from; i < until; i += 1) found.push({ sign: " ", number: i + 1, text: fresh[i] });
  };
  rewrite.replaced.forEach(([oldStart, oldEnd, start, end], i) => {
    const lead = start - at;
    const shown = i === 0 ? CONTEXT : 2 * CONTEXT;
    if (lead > shown + 1) {
      const head = i === 0 ? 0 : CONTEXT;
      same(at, at + head);
      found.push({ skipped: lead - head - CONTEXT });
      same(start - CONTEXT, start);
    } else {
      same(at, start);
    }
    for (let n = oldStart; n < oldEnd; n += 1) found.push({ sign: "-", text: old[n] });
    for (let n = start; n < end; n += 1) found.push({ sign: "+", number: n + 1, text: fresh[n] });
    at = end;
  });
  const rest = fresh.length - at;
  if (rest > CONTEXT + 1) {
    same(at, at + CONTEXT);
    found.push({ skipped: rest - CONTEXT });
  } else {
    same(at, fresh.length);
  }
  return found;
}

function lines(text) {
  const all = text.replace(/^\ufeff/, "").split(/\r?\n/);
  if (all.at(-1) === "") all.pop();
  return all;
}

/** Rows in a row that have the same reasons: `{ rows, reasons }`. */
export function groups(all, reasons) {
  const byLine = new Map();
  for (const reason of reasons) {
    if (!byLine.has(reason.line)) byLine.set(reason.line, []);
    byLine.get(reason.line).push(reason);
  }
  const found = [];
  for (const row of all) {
    const why = (row.sign === "+" && byLine.get(row.number)) || [];
    const key = JSON.stringify(why.map((reason) => [reason.service, reason.text, reason.source]));
    const last = found.at(-1);
    const isDeeper = row.sign === "+" && why.length === 0 && last?.reasons.length > 0 && indent(row) > indent(last.rows[0]);
    if (isDeeper) last.rows.push(row);
    else if (last && last.key === key && !row.skipped && !last.rows[0].skipped) last.rows.push(row);
    else found.push({ key, rows: [row], reasons: why });
  }
  return found;
}

/** How far a line is from the margin: what is deeper than the line before belongs to it. */
const indent = (row) => row.text.search(/\S|$/);

/** What is shown, by what it says: files by their paths, and their groups. A keystroke changes few of them, and elements are what costs time. */
let shown = { files: new Map(), groups: new Map() };
let fresh = shown;

/** Views of all changed files: `[before, rewrite, tools]` each. */
export function views(files) {
  fresh = { files: new Map(), groups: new Map() };
  const made = files.map(([before, rewrite, tools]) => view(before, rewrite, tools));
  shown = fresh;
  return made;
}

/** The view of one changed file. `tools` are what can be done with it. */
function view(before, rewrite, tools) {
  const all = rows(before, rewrite);
  const count = (sign) => all.filter((row) => row.sign === sign).length;
  const sourced = new Map();
  const kept = (group) => {
    const key = JSON.stringify([rewrite.path, group, group.reasons.map(({ service }) => sourced.get(service))]);
    const node = shown.groups.get(key) ?? groupView(group, new Map(sourced));
    group.reasons.forEach((reason) => sourced.set(reason.service, saidOf(reason)));
    fresh.groups.set(key, node);
    return node;
  };
  const section = shown.files.get(rewrite.path) ??
    element("section", { className: "file", "aria-label": rewrite.path }, element("header"), element("div", { className: "lines" }));
  fresh.files.set(rewrite.path, section);
  const [head, lines] = section.children;
  head.replaceChildren(
    element("h3", {}, element("code", {}, rewrite.path)),
    element("p", { className: "count" },
      element("span", { className: "plus", "aria-label": `${count("+")} lines added` }, `+${count("+")}`), " ",
      count("-") > 0 && element("span", { className: "minus", "aria-label": `${count("-")} lines removed` }, `−${count("-")}`)),
    element("div", { className: "tools" }, tools));
  arrange(lines, groups(all, rewrite.reasons).map(kept));
  return section;
}

function groupView(group, sourced) {
  const [first] = group.rows;
  if (first.skipped) return element("p", { className: "skipped" }, `${first.skipped} unchanged lines`);
  return element("div", { className: group.reasons.length > 0 ? "group new" : "group" },
    element("div", { className: "code" }, group.rows.map(rowView)),
    group.reasons.length > 0 && element("div", { className: "because" }, group.reasons.map((reason) => reasonView(reason, sourced))));
}

function rowView({ sign, number, text }) {
  const [name, word] = { "+": ["ins", "added: "], "-": ["del", "removed: "], " ": ["span", ""] }[sign];
  return element(name, { className: "row" },
    element("span", { className: "number", "aria-hidden": "true" }, String(number ?? "")),
    element("span", { className: "sign", "aria-hidden": "true" }, sign),
    word && element("span", { className: "said" }, word),
    element("code", {}, text || " "));
}

const saidOf = ({ source: who, confidence }) => `${who}, ${confidence}`;

/** Why. What the line before said of the source is not said again; the findings below name every source in full. */
function reasonView(reason, sourced) {
  const said = saidOf(reason);
  const isKnown = sourced.get(reason.service) === said;
  sourced.set(reason.service, said);
  const parts = [isKnown ? null : said, isAddress(reason.link) ? source(reason.link) : null].filter(Boolean);
  return element("p", { className: reason.confidence },
    prose(reason.text), parts.length > 0 && element("small", {}, parts.length > 1 ? [parts[0], " · ", parts[1]] : parts));
}
