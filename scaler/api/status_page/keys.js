// The keyboard. Letters and signs can be turned off, for those whose software types them (WCAG 2.2, 2.1.4).

import {always} from "./memory.js";

const OFF = "torpor-no-letters";
const by = id => document.getElementById(id);
const body = by("apps"), field = by("find"), help = by("help"), letters = by("letters");

letters.checked = !always.get(OFF);
letters.addEventListener("change", () => always.set(OFF, letters.checked ? null : "1"));
by("keys").addEventListener("click", () => help.showModal());

/** Let keys do what the buttons do: `find()` after a change of the search, `failed()` shows only those. */
export function listen(find, failed) {
  const signs = {
    "/": () => field.focus(),
    "?": () => help.showModal(),
    f: failed,
    w: () => press("wake"),
    s: () => press("sleep"),
  };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("dialog")) return;
    const {key, target} = event, typing = target.closest?.("input, textarea");
    if (key === "ArrowDown" || key === "ArrowUp") return step(event, key === "ArrowDown" ? 1 : -1);
    if (key === "Escape" && target === field) {
      field.value = "";
      return find();
    }
    if (key === "Enter" && target.matches?.("#apps tr")) target.querySelector("a")?.click();
    if (typing || !letters.checked || !Object.hasOwn(signs, key)) return;
    event.preventDefault();
    signs[key]();
  });
}

const chosen = () => document.activeElement?.closest("#apps tr");
const press = verb => chosen()?.querySelector(`[data-verb=${verb}]`).click();

function step(event, by) {
  const here = chosen();
  if (!here && event.target !== field) return;
  let row = here ?? (by > 0 ? body.firstElementChild : null);
  if (here) do row = by > 0 ? row.nextElementSibling : row.previousElementSibling; while (row?.hidden);
  else while (row?.hidden) row = row.nextElementSibling;
  event.preventDefault();
  (row ?? (by < 0 ? field : here))?.focus();
}
