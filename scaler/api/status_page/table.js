// The table of apps: one row each, by name; a row is touched only when its own app changes or a time in it moves on.

import {ago, span, until} from "./times.js";

const body = document.getElementById("apps");
const template = document.getElementById("row");
const byName = new Intl.Collator("en", {numeric: true}).compare;
const NOTHING = "–";

/** Rows by app id: {row, parts, app, problem, busy}. */
const rows = new Map();
let sorted = [];
let wanted = "";
let only = "";
let port = null; // not known yet; then "" where nobody says it
let saved = new Map();

export const apps = () => [...rows.values()].map(entry => entry.app);
export const entryOf = element => rows.get(element.closest("tr")?.dataset.id);

/** All apps anew; those that are not among them are gone. */
export function putAll(list) {
  const ids = new Set(list.map(app => app.id));
  for (const id of rows.keys()) if (!ids.has(id)) remove(id);
  const fresh = list.filter(app => !rows.has(app.id));
  for (const app of list) rows.has(app.id) ? put(app) : rows.set(app.id, make(app));
  if (!fresh.length) return;
  sorted = [...rows.keys()].sort(byName);
  const fragment = document.createDocumentFragment();
  for (const id of sorted) fragment.append(rows.get(id).row);
  body.append(fragment);
}

/** One app, new or changed. */
export function put(app) {
  const entry = rows.get(app.id);
  if (entry) {
    const hosts = String(entry.app.hosts);
    entry.app = app;
    if (hosts !== String(app.hosts)) link(entry);
    return fill(entry);
  }
  rows.set(app.id, make(app));
  const at = place(app.id);
  sorted.splice(at, 0, app.id);
  body.insertBefore(rows.get(app.id).row, rows.get(sorted[at + 1])?.row ?? null);
}

export function remove(id) {
  rows.get(id)?.row.remove();
  rows.delete(id);
  sorted = sorted.filter(other => other !== id);
}

/** Show only what has these words in its name, hosts, team, phase or reason, and is in the phase; how many that are. */
export function filter(words, phase) {
  wanted = words.trim().toLowerCase();
  only = phase;
  let shown = 0;
  for (const entry of rows.values()) shown += fits(entry);
  return shown;
}

/** The port that visitors use, for the links; none is that of http. */
export function setPort(number) {
  if (port === number) return;
  port = number;
  for (const entry of rows.values()) link(entry);
}

/** What sleeping has saved, in two texts by app id. */
export function setSaved(texts) {
  saved = texts;
  for (const entry of rows.values()) fill(entry);
}

/** Say in the row how an action stands. */
export function say(entry, {busy = false, problem = ""}) {
  Object.assign(entry, {busy, problem});
  fill(entry);
}

/** Let the times move on; returns the apps that should be asleep by now, so that somebody asks about them. */
export function tick() {
  const overdue = [];
  for (const entry of rows.values()) {
    if (!entry.row.hidden) times(entry);
    if (entry.app.sleeps_at && until(entry.app.sleeps_at) < -3) overdue.push(entry.app.id);
  }
  return overdue;
}

function place(id) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byName(sorted[middle], id) < 0) low = middle + 1; else high = middle;
  }
  return low;
}

function make(app) {
  const row = template.content.firstElementChild.cloneNode(true);
  const parts = {};
  for (const part of row.querySelectorAll("[data-of]")) parts[part.dataset.of] = part;
  const buttons = [...row.querySelectorAll("[data-verb]")];
  const entry = {row, parts, buttons, app, problem: "", busy: false};
  row.dataset.id = app.id;
  write(parts.id, app.id);
  for (const button of buttons) button.setAttribute("aria-label", `${button.textContent} ${app.id}`);
  link(entry);
  fill(entry);
  return entry;
}

function fill(entry) {
  const {row, parts, app} = entry;
  row.dataset.phase = app.phase;
  write(parts.phase, app.phase);
  write(parts.in_flight, String(app.in_flight));
  write(parts.held, String(app.held));
  write(parts.usual, app.usual_wake == null ? NOTHING : usual(app.usual_wake));
  write(parts.reason, app.reason);
  write(parts.todo, app.todo ?? "");
  const [most, rest] = saved.get(app.id) ?? [];
  write(parts.saved, most || NOTHING);
  write(parts.memory, rest ?? "");
  write(parts.cause, app.cause && `last wake: ${app.cause}`);
  write(parts.problem, entry.problem);
  if (app.last_access) parts.last.dateTime = app.last_access;
  for (const button of entry.buttons) {
    const can = button.dataset.verb === "sleep" ? app.phase === "awake" && app.mode !== "shadow" : app.phase !== "awake" && app.phase !== "waking";
    // Not `disabled`: that would take the focus from whoever has just pressed it.
    attribute(button, "aria-disabled", String(entry.busy || !can));
  }
  attribute(row, "aria-busy", String(entry.busy));
  times(entry);
  fits(entry);
}

function times({parts, app}) {
  write(parts.last, app.last_access ? ago(app.last_access) : "never");
  write(parts.sleeps, sleeps(app));
  const doing = stage(app);
  write(parts.stage, doing);
  attribute(parts.stage, "title", doing);
}

function sleeps(app) {
  if (app.phase !== "awake") return NOTHING;
  if (app.shadow_since) return `would be asleep for ${ago(app.shadow_since).replace(/ ago$|^now$/, "") || "a moment"}`;
  if (app.mode === "shadow") return app.sleeps_at ? `would in ${span(until(app.sleeps_at))}` : "would not now";
  if (app.sleeps_at) return until(app.sleeps_at) > 0 ? span(until(app.sleeps_at)) : "now";
  if (!app.idle_timeout) return "never";
  return app.in_flight ? "in use" : "not now";
}

function stage(app) {
  if (app.phase === "waking" && app.stage) return app.stage;
  if (app.phase === "failed" && app.retry_at && until(app.retry_at) > 0) return `can retry in ${span(until(app.retry_at))}`;
  return app.since ? `for ${ago(app.since).replace(/ ago$|^now$/, "") || "a moment"}` : "";
}

const usual = seconds => seconds < 10 ? `${seconds.toFixed(1)} s` : span(seconds);

function link({parts, app}) {
  parts.hosts.replaceChildren(...app.hosts.map(host => {
    if (/^[*?]| /.test(host) || port === null) return Object.assign(document.createElement("span"), {textContent: host});
    const [name, ...path] = host.replace(/^=/, "").split("/");
    const anchor = document.createElement("a");
    anchor.href = `http://${name}${port === "80" || !port ? "" : `:${port}`}/${path.join("/")}`;
    anchor.textContent = host;
    return anchor;
  }));
}

function fits({row, app}) {
  const words = () => [app.id, app.phase, app.stage, app.reason, app.team, ...app.hosts].join(" ").toLowerCase();
  const shown = (!only || app.phase === only) && (!wanted || words().includes(wanted));
  if (row.hidden === shown) row.hidden = !shown;
  return shown;
}

function write(part, text) {
  if (part.textContent !== text) part.textContent = text;
}

function attribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
