// The status page: what happens is gathered and shown once a frame, so a busy proxy does not make a busy page.

import {act, get, needToken} from "./api.js";
import {listen} from "./keys.js";
import {follow} from "./live.js";
import {read} from "./savings.js";
import * as table from "./table.js";
import {ago} from "./times.js";

const PHASES = ["awake", "waking", "draining", "asleep", "failed"];
const FEED = 50; // sentences
const SAVINGS = 60; // seconds between two looks at them
const by = id => document.getElementById(id);

const counters = new Map(PHASES.map(phase => [phase, counter(phase)]));
by("counts").append(...[...counters.values()].map(({item}) => item));
let only = ""; // the phase that is looked at, or all

const changed = new Map(); // app id → app, or null when it is gone
let feed = [];
let shownFeed = null;
let planned = false;

follow(FEED, {
  all(apps) {
    changed.clear();
    table.putAll(apps);
    plan();
    // Everything at once, so that nothing moves while somebody begins to read.
    const whole = Promise.all([look(), save()]), soon = new Promise(done => setTimeout(done, 3000));
    Promise.race([whole, soon]).then(() => requestAnimationFrame(() => document.body.classList.remove("loading")));
  },
  event(event, fresh) {
    if (fresh) {
      changed.set(event.app.id, event.what === "removed" ? null : event.app);
      // The time to sleep of what an app needs hangs on that app, and has no event of its own.
      if (event.what === "phase") for (const need of event.app.needs ?? []) refresh(need);
    }
    if (event.text && !feed.some(known => known.number === event.number && known.at === event.at)) {
      feed = [event, ...feed].slice(0, FEED);
    }
    plan();
  },
  lost(reason) {
    banner("lost", reason);
    document.body.classList.remove("loading");
  },
  found() {
    banner("lost", "");
  },
});

function plan() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(show);
}

function show() {
  planned = false;
  for (const [id, app] of changed) app ? table.put(app) : table.remove(id);
  changed.clear();
  count();
  if (shownFeed !== feed) tellFeed();
}

function counter(phase) {
  const item = document.createElement("li"), button = document.createElement("button");
  const mark = Object.assign(document.createElement("i"), {ariaHidden: "true"}), number = document.createElement("b");
  Object.assign(button, {type: "button", ariaPressed: "false", onclick: () => choose(only === phase ? "" : phase)});
  button.dataset.phase = phase;
  button.append(mark, number, ` ${phase}`);
  item.append(button);
  return {item, button, number};
}

function choose(phase) {
  only = phase;
  for (const [name, {button}] of counters) button.ariaPressed = String(name === only);
  find();
}

function count() {
  const apps = table.apps();
  for (const [phase, {number}] of counters) {
    const found = String(apps.filter(app => app.phase === phase).length);
    if (number.textContent !== found) number.textContent = found;
  }
  const title = `Torpor: ${counters.get("awake").number.textContent} of ${apps.length} awake`;
  if (document.title !== title) document.title = title;
  find();
}

function find() {
  const words = by("find").value, total = table.apps().length, shown = table.filter(words, only);
  const none = !total ? "There are no apps yet. Write one into torpor.yaml, then run: torpor reload; or label a workload."
    : shown ? "" : words.trim() ? `No app has “${words}” in its name, host, phase or reason.` : `No app is ${only} now.`;
  banner("none", none);
}

function tellFeed() {
  shownFeed = feed;
  by("feed").replaceChildren(...feed.map(({at, text, app}) => {
    const item = document.createElement("li");
    item.dataset.phase = app.phase;
    const time = Object.assign(document.createElement("time"), {dateTime: at, textContent: ago(at)});
    item.append(time, Object.assign(document.createElement("span"), {textContent: text}));
    return item;
  }));
}

async function refresh(id) {
  try {
    const [app] = await get(`/v1/apps/${id.split("/").map(encodeURIComponent).join("/")}`);
    if (!changed.has(id)) changed.set(id, app);
    plan();
  } catch {
    // It may be gone; then an event says so.
  }
}

async function look() {
  try {
    const [info] = await get("/v1/info");
    needToken(info.token_required);
    table.setPort(info.listen.slice(info.listen.lastIndexOf(":") + 1));
    const proxies = info.proxies === 1 ? "1 proxy" : `${info.proxies} proxies`;
    const where = info.listen && `visitors at ${info.listen}`; // a cluster does not know
    by("about").textContent = [info.version, info.engine, proxies, where].filter(Boolean).join(", ");
    banner("warning", !info.leader ? "This scaler stands by; another one leads."
      : info.proxies ? "" : "No proxy is connected: visitors reach nobody, and no app is put to sleep.");
  } catch {
    // The banner of the lost connection says it.
  }
}

async function save() {
  try {
    const {apps, total} = await read();
    table.setSaved(apps);
    const text = total && total[0].toUpperCase() + total.slice(1);
    if (by("saved").textContent !== text) by("saved").textContent = text;
  } catch {
    // What was told last stays.
  }
}

function banner(id, text) {
  const shown = by(id);
  if (shown.textContent !== text) shown.textContent = text;
  shown.hidden = !text;
}

by("apps").addEventListener("click", async event => {
  const button = event.target.closest("[data-verb]"), entry = button && table.entryOf(button);
  if (!entry || button.ariaDisabled === "true") return;
  const {verb} = button.dataset, {id} = entry.app;
  table.say(entry, {busy: true});
  by("said").textContent = verb === "wake" ? `Waking ${id}.` : `Putting ${id} to sleep.`;
  try {
    await act(id, verb);
    table.say(entry, {});
    by("said").textContent = verb === "wake" ? `${id} is awake.` : `${id} is asleep.`;
  } catch (error) {
    table.say(entry, {problem: error.message});
    by("said").textContent = `${verb === "wake" ? "Waking" : "Sleep of"} ${id} failed: ${error.message}`;
  }
});

by("find").addEventListener("input", find);
listen(find, () => choose(only === "failed" ? "" : "failed"));

let seconds = 0;
setInterval(() => {
  if (document.hidden) return;
  const overdue = table.tick();
  for (const [at, item] of [...by("feed").children].entries()) {
    const said = ago(feed[at].at);
    if (item.firstChild.textContent !== said) item.firstChild.textContent = said;
  }
  if (++seconds % SAVINGS === 0) save();
  if (seconds % 10 === 0) {
    look();
    overdue.slice(0, 20).forEach(refresh);
  }
}, 1000);
