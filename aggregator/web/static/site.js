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

// "/" leads to the search box, j and k through the list; not while somebody types.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const box = document.querySelector("input[type=search]");
    if (box) { event.preventDefault(); box.focus(); }
  }
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".stories h2 a, .decisions > li a:first-of-type")];
    const at = links.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1);
    if (links[at]) links[at].focus();
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
