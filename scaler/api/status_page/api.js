// The REST API of the same origin, with the token where one is needed.

import {tab} from "./memory.js";
import {learnClock} from "./times.js";

const KEY = "torpor-token";
const WHY = "Changes need the API's token. It is kept until this tab is closed.";
const WRONG = "That was not the right token.";
const dialog = document.getElementById("ask");
const field = document.getElementById("token");

let needed = false;
export const needToken = yes => { needed = yes; };

/** The JSON of a GET, and the server's time of it in milliseconds. Throws an Error fit to be shown. */
export async function get(path) {
  const answer = await fetch(path, {headers: {Accept: "application/json"}, signal: AbortSignal.timeout(30000)});
  if (!answer.ok) throw new Error(await detail(answer));
  return [await answer.json(), learnClock(answer)];
}

/** Wake or sleep an app; returns when it has happened. Throws an Error fit to be shown. */
export async function act(id, verb) {
  const path = `/v1/apps/${id.split("/").map(encodeURIComponent).join("/")}/${verb}`;
  let token = tab.get(KEY) ?? (needed ? await ask(WHY) : null);
  let answer = await post(path, token);
  while (answer.status === 401) {
    tab.set(KEY, null);
    token = await ask(token ? WRONG : WHY);
    answer = await post(path, token);
  }
  if (!answer.ok) throw new Error(await detail(answer));
}

function post(path, token) {
  const headers = {Accept: "application/json"};
  if (token) headers.Authorization = `Bearer ${token}`;
  return fetch(path, {method: "POST", headers});
}

async function detail(answer) {
  try {
    const said = await answer.json();
    return String(said.detail || said.title || answer.status);
  } catch {
    return `the API answered ${answer.status} ${answer.statusText}`.trim();
  }
}

/** Ask for the token; one dialog at a time, and whoever comes meanwhile waits for the same answer. */
let asked = null;
function ask(why) {
  asked ??= new Promise((use, giveUp) => {
    field.value = "";
    document.getElementById("ask-why").textContent = why;
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      asked = null;
      if (dialog.returnValue !== "use") return giveUp(new Error("not done: this needs the token"));
      const token = field.value.trim();
      tab.set(KEY, token);
      use(token);
    }, {once: true});
  });
  return asked;
}
