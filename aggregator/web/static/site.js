// Progressive enhancement only: every page works without this file.
"use strict";

// A filter that is chosen takes effect at once.
for (const form of document.querySelectorAll("form[role=search]")) {
  for (const field of form.querySelectorAll("select")) {
    field.addEventListener("change", () => form.requestSubmit());
  }
  // Empty filters stay out of the address that people share.
  form.addEventListener("submit", () => {
    for (const field of form.querySelectorAll("input, select")) {
      if (!field.value) field.disabled = true;
    }
  });
}

// Single keys: "/" leads to the search box, j and k through a list; on /review s, d and r
// decide about the row that has the focus, u takes the last decision back. Not while somebody types,
// and not where they were turned off in the footer (WCAG 2.1.4).
const shortcuts = {
  stored() { try { return localStorage.getItem("shortcuts"); } catch { return null; } },
  keep(value) { try { localStorage.setItem("shortcuts", value); } catch { /* for this page only */ } },
  on: true,
  show() {
    for (const hint of document.querySelectorAll("kbd, [data-keys]")) hint.hidden = !this.on;
    for (const button of document.querySelectorAll("[data-key], [data-undo]")) {
      if (this.on) button.setAttribute("aria-keyshortcuts", button.dataset.key || "u");
      else button.removeAttribute("aria-keyshortcuts");
    }
    const toggle = document.querySelector("#shortcuts");
    toggle.hidden = false;
    toggle.setAttribute("aria-pressed", String(this.on));
  },
};
shortcuts.on = shortcuts.stored() !== "off";
shortcuts.show();
document.querySelector("#shortcuts").addEventListener("click", () => {
  shortcuts.on = !shortcuts.on;
  shortcuts.keep(shortcuts.on ? "on" : "off");
  shortcuts.show();
});

function step(direction) {
  const marked = document.querySelectorAll("[data-step]");
  const links = [...(marked.length ? marked : document.querySelectorAll(".stories h2 a, .decisions > li a:first-of-type"))];
  const own = document.activeElement.closest("[data-decide]");
  const here = own ? links.findIndex((link) => own.contains(link)) : links.indexOf(document.activeElement);
  // From a row that is not walked, on to its nearest neighbour that is.
  const after = links.findIndex((link) => document.activeElement.compareDocumentPosition(link) & Node.DOCUMENT_POSITION_FOLLOWING);
  const between = after < 0 ? links.length : after;
  const next = links[here >= 0 ? here + direction : direction > 0 ? between : Math.max(between - 1, 0)];
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (!shortcuts.on || typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key !== "j" && event.key !== "k") return;
  if (event.key === "/") {
    const box = document.querySelector("input[type=search]");
    if (box) { event.preventDefault(); box.focus(); }
  }
  if (event.key === "j") step(1);
  if (event.key === "k") step(-1);
  if (event.key === "u") document.querySelector("[data-undo]")?.click();
  if (event.key === "s" || event.key === "d" || event.key === "r") {
    document.activeElement.closest("[data-decide]")?.querySelector(`[data-key="${event.key}"]`)?.click();
  }
});

// Coming back with the browser's button must find the fields usable again.
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[role=search] :disabled")) field.disabled = false;
});

// What is shown once can be copied by a button; the field is there without it.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = button.closest(".copy").querySelector("input");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try { await navigator.clipboard.writeText(field.value); }
    catch { document.execCommand("copy"); }
    button.textContent = button.dataset.copy;
  });
}
