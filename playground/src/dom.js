// Elements without markup in texts: what strangers wrote stays text.

/** An element with properties and children; what is null or false is left out. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Makes `nodes` the children of an element. Those that are in their place stay untouched: a browser lays out what is put anywhere anew. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => { if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null); });
}

/** A sentence in which backticks mark code. */
export function prose(text) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) parts.push(`\`${parts.pop()}`);
  return parts.map((part, i) => (i % 2 === 1 && !part.startsWith("`") ? element("code", {}, part) : part));
}

/** Whether a source is an address. */
export const isAddress = (link) => /^https:\/\/\S+$/.test(link ?? "");

/** A link to another site, or the text where it is none. */
export function source(link) {
  if (!isAddress(link)) return element("span", {}, prose(link));
  return element("a", { href: link, rel: "noreferrer noopener", target: "_blank" }, new URL(link).hostname.replace(/^www\./, ""));
}

/** Says something to whoever cannot see it. */
export function say(text) {
  const said = document.querySelector("#said");
  said.textContent = "";
  // The same sentence twice is heard twice.
  requestAnimationFrame(() => { said.textContent = text; });
}
