
"use strict";
// The page is whole without this: here is only what hides, orders and moves.
(() => {
  const root = document.documentElement;
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = one(".tools");
  const find = one("#find");
  const preset = one("#preset");
  const list = one("#bars");
  const clear = one("button[type=reset]", form);

  const words = (element) => all(".q", element).map((e) => e.textContent).join("\n").toLowerCase();
  const rows = new Map(all("li", list).map((row) => [one("a", row).hash.slice(1), row]));
  const projects = all(".project").map((element) => ({
    element,
    title: one("h3", element).textContent.toLowerCase(),
    cards: all(".card", element).map((card) => ({
      card,
      row: rows.get(card.id),
      words: words(card),
      findings: all(":scope > .findings > li", card),
    })),
  }));
  const total = rows.size;
  const noun = total === 1 ? "service" : "services";

  const filter = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = all("input:checked", form).map((box) => box.value);
    const only = severities.filter((value) => value !== "any");
    let shown = 0;
    let visible = 0;
    for (const { element, title, cards } of projects) {
      let here = 0;
      for (const { card, row, words, findings } of cards) {
        let kept = 0;
        for (const finding of findings) {
          finding.hidden = only.length > 0 && !only.some((severity) => finding.classList.contains(severity));
          kept += finding.hidden ? 0 : 1;
        }
        const fits = wanted.every((word) => words.includes(word) || title.includes(word))
          && (severities.length === 0 || kept > 0)
          && (preset.value === "" || preset.value === card.dataset.preset);
        card.hidden = !fits;
        here += fits ? 1 : 0;
        if (row) {
          row.hidden = !fits;
          shown += fits ? 1 : 0;
        }
      }
      // A project without cards is one that could not be read, or an empty one: only its path can be looked for.
      const bare = cards.length === 0 && severities.length === 0 && preset.value === "" && wanted.every((word) => title.includes(word));
      element.hidden = here === 0 && !bare;
      visible += element.hidden ? 0 : 1;
    }
    const active = wanted.length > 0 || severities.length > 0 || preset.value !== "";
    one("#shown").textContent = active ? `${shown} of ${total} ${noun}` : `${total} ${noun}`;
    one("#nothing").hidden = visible > 0;
    clear.hidden = !active;
  };

  const order = () => {
    const number = (row) => Number(one("a", row).hash.slice(2));
    const scores = (row) => all(".score span", row).map((e) => Number(e.textContent));
    const gain = (row) => scores(row)[0] - scores(row).at(-1);
    const by = { file: () => 0, worst: (row) => scores(row)[0], gain }[one("#order").value];
    const keyed = [...rows.values()].map((row) => ({ row, key: by(row), number: number(row) }));
    keyed.sort((a, b) => b.key - a.key || a.number - b.number);
    list.append(...keyed.map(({ row }) => row));
    list.scrollTop = 0;
  };

  // Two states: what the system says, and the other one.
  const theme = one("#theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  system.addEventListener("change", showTheme);

  // Arrow keys go from service to service; Tab goes through everything as ever.
  const step = (event, by) => {
    const kind = [".card h4 a", "#bars a"].find((selector) => document.activeElement.matches(selector));
    if (!kind) return;
    const links = all(kind).filter((link) => !link.closest("[hidden]"));
    const next = links[links.indexOf(document.activeElement) + by];
    event.preventDefault();
    if (next) {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: kind === "#bars a" ? "nearest" : "start", behavior: "instant" });
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !document.activeElement.matches("input[type=search], select")) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "Escape" && document.activeElement === find) {
      find.value = "";
      filter();
    } else if (event.key === "ArrowDown") step(event, 1);
    else if (event.key === "ArrowUp") step(event, -1);
  });

  // The links to a service or a rule also move the focus there.
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target) (one("h4 a", target) ?? target).focus({ preventScroll: true });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  one("#order").addEventListener("change", order);
  root.classList.add("js");
  showTheme();
  filter();
})();
