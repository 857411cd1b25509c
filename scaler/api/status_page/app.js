// The status page: what happens is gathered and shown once a frame, so a busy proxy does not make a busy page.

import {act, get, needToken} from "./api.js";
import {follow} from "./live.js";
import * as table from "./table.js";
import {ago} from "./times.js";

const PHASES = ["awake", "waking", "draining", "asleep", "failed"];
const FEED = 50; // sentences
const by = id => document.getElementById(id);

const changed = new Map(); // app id → app, or null when it is gone
let feed = [];
let shownFeed = null;
let planned = false;

follow(FEED, {
  all(apps) {
    changed.clear();
    table.putAll(apps);
    look();
    plan();
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

function count() {
  const apps = table.apps();
  const found = new Map(PHASES.map(phase => [phase, 0]));
  for (const app of apps) found.set(app.phase, (found.get(app.phase) ?? 0) + 1);
  by("counts").replaceChildren(...[...found].map(([phase, number]) => {
    const item = document.createElement("li");
    item.dataset.phase = phase;
    item.append(Object.assign(document.createElement("i"), {ariaHidden: "true"}),
      Object.assign(document.createElement("b"), {textContent: number}), ` ${phase}`);
    return item;
  }));
  document.title = `Torpor: ${found.get("awake")} of ${apps.length} awake`;
  find();
}

function find() {
  const words = by("find").value, total = table.apps().length, shown = table.filter(words);
  const none = total ? shown ? "" : `No app has “${words}” in its name, host or phase.`
    : "There are no apps yet. Write one into torpor.yaml, then run: torpor reload";
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
    by("about").textContent = `${info.version}, ${info.engine}, ${proxies}, visitors at ${info.listen}`;
    banner("warning", !info.leader ? "This scaler stands by; another one leads."
      : info.proxies ? "" : "No proxy is connected: visitors reach nobody, and no app is put to sleep.");
  } catch {
    // The banner of the lost connection says it.
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
document.addEventListener("keydown", event => {
  const typing = event.target.closest?.("input, textarea, dialog");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    by("find").focus();
  } else if (event.key === "Escape" && event.target === by("find")) {
    by("find").value = "";
    find();
  }
});

let seconds = 0;
setInterval(() => {
  if (document.hidden) return;
  const overdue = table.tick();
  for (const [at, item] of [...by("feed").children].entries()) {
    const said = ago(feed[at].at);
    if (item.firstChild.textContent !== said) item.firstChild.textContent = said;
  }
  if (++seconds % 10 === 0) {
    look();
    overdue.slice(0, 20).forEach(refresh);
  }
}, 1000);
