// A card for each service: its picture, what was found, which preset it gets, and whether it is changed.

import { element, prose, source } from "./dom.js";

const known = new Map();

/**
 * Shows the services. Cards stay where they are, so that what has the focus keeps it; only what changed is made anew.
 * `act` carries out what a person wants: `decide`, `preset`, `rule`, `go`.
 */
export function show(root, plan, asked, act) {
  const names = new Set(plan.project.services.map((service) => service.name));
  for (const [name, card] of known) {
    if (!names.has(name)) {
      card.root.remove();
      known.delete(name);
    }
  }
  const own = new Map();
  for (const finding of plan.project.findings) {
    const name = names.has(finding.service) ? finding.service : "";
    if (!own.has(name)) own.set(name, []);
    own.get(name).push(finding);
  }
  plan.project.services.forEach((service, i) => {
    if (!known.has(service.name)) known.set(service.name, card(service.name, act));
    const one = known.get(service.name);
    if (root.children[i] !== one.root) root.insertBefore(one.root, root.children[i] ?? null);
    update(one, service, plan, plan.pictures[i], own.get(service.name) ?? [], asked, act);
  });
  about(root, plan, own.get("") ?? [], act);
}

/** What is about no service. */
function about(root, plan, findings, act) {
  root.querySelector(":scope > .about")?.remove();
  const leftOut = plan.project.left_out;
  if (findings.length === 0 && leftOut.length === 0) return;
  root.append(element("article", { className: "card about", "aria-label": "About the project" },
    element("header", {}, element("h3", {}, "About the project")),
    list(findings, act),
    leftOut.map(({ service, reason }) => element("p", { className: "left-out" }, element("b", {}, service), ` is left out: ${reason}`))));
}

function card(name, act) {
  const box = element("input", { type: "checkbox" });
  box.addEventListener("change", () => act.decide(name, box.checked));
  const preset = element("input", { type: "text", autocomplete: "off", spellcheck: false, list: "presets", size: 14 });
  preset.addEventListener("change", () => act.preset(name, preset.value.trim(), preset));
  const image = element("code", { className: "of" });
  const score = element("p", { className: "score" });
  const word = element("span");
  const [held, picture, findings] = [element("p", { className: "held", hidden: true }), element("div"), element("div")];
  const id = `service-${name}`;
  const root = element("article", { className: "card", "aria-labelledby": id },
    element("header", {}, element("h3", { id }, name), image, score),
    element("div", { className: "choices" },
      element("label", {}, box, " ", word),
      element("label", {}, "Preset ", preset)),
    held,
    element("div", { className: "body" }, picture, findings));
  return { root, box, preset, image, score, word, held, picture, findings, last: {} };
}

/** Puts what changed into a card. */
function update(card, service, plan, picture, findings, asked, act) {
  const isChanged = plan.changed.includes(service.name);
  const fix = findings.find((finding) => finding.fix && !finding.ignored)?.fix;
  const refused = plan.refused.find((one) => one.service === service.name);
  card.box.checked = isChanged;
  card.box.disabled = !fix;
  card.word.textContent = fix || isChanged ? "Change it" : service.surface.before.root ? "No change is known" : "Read-only already";
  card.preset.placeholder = service.recognised ? service.preset.replace(/^catalogue /, "") : "none knows it";
  if (document.activeElement !== card.preset) card.preset.value = asked.presets[service.name] ?? "";
  card.image.textContent = service.image ?? "";
  const { before, after } = service.surface;
  once(card, "score", JSON.stringify([before.score, after.score]), () => {
    card.score.replaceChildren(
      element("small", { title: "writable surface: each writable place by its weight" }, "surface "), String(before.score),
      ...(before.score === after.score ? [] : [" → ", element("b", {}, String(after.score))]));
  });
  const isHeld = plan.held_back.find((one) => one.service === service.name);
  const held = isHeld && !isChanged ? `${isHeld.why}. Look at the reasons, then decide.`
    : refused ? `Not changed: ${refused.why}` : "";
  card.held.hidden = held === "";
  if (card.held.textContent !== held) card.held.textContent = held;
  // The markup is the program's own, which escapes every word of a file.
  once(card, "picture", picture, () => { card.picture.innerHTML = picture; });
  once(card, "findings", JSON.stringify(findings), () => card.findings.replaceChildren(...[list(findings, act)].filter(Boolean)));
}

function once(card, name, value, make) {
  if (card.last[name] === value) return;
  card.last[name] = value;
  make();
}

const ORDER = ["error", "warning", "note"];

function list(findings, act) {
  const counted = findings.filter((finding) => !finding.ignored).sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  const ignored = findings.filter((finding) => finding.ignored);
  const items = (some) => element("ul", { className: "findings" }, some.map((finding) => item(finding, act)));
  return counted.length + ignored.length > 0 && element("div", {},
    counted.length > 0 && items(counted),
    ignored.length > 0 && element("details", { className: "ignored" },
      element("summary", {}, ignored.length === 1 ? "1 ignored finding" : `${ignored.length} ignored findings`), items(ignored)));
}

function item(finding, act) {
  const { file, start } = finding.location;
  return element("li", { className: finding.severity },
    element("span", { className: "severity" }, finding.severity),
    element("div", {},
      element("p", {}, prose(finding.message)),
      element("p", { className: "links" },
        element("button", { type: "button", className: "plain", onclick: () => act.rule(finding.rule) }, finding.rule), " ",
        element("button", { type: "button", className: "plain", onclick: () => act.go(file, start) }, `${file}:${start.line}`)),
      finding.help && element("p", { className: "help" }, prose(finding.help)),
      finding.ignored && element("p", { className: "help" }, `Ignored: ${finding.ignored}`),
      finding.fix && element("details", { className: "fix" },
        element("summary", {}, finding.fix.summary),
        element("dl", {}, finding.fix.changes.map(({ what, reason }) => [
          element("dt", {}, element("code", {}, what)),
          element("dd", {}, prose(reason.text), element("small", {}, ` ${reason.source}, ${reason.confidence}`, reason.link ? "; " : null, reason.link ? source(reason.link) : null)),
        ])))));
}
