// What happens, as it happens: a snapshot, then events; after a lost connection the same again.

import {get} from "./api.js";

const KINDS = ["phase", "progress", "activity", "changed", "removed"];
const MOST = 5000; // events that are kept while the snapshot is on its way

/**
 * Keep telling `tell` what happens: `all(apps)`, `event(event, fresh)`, `lost(reason)`, `found()`. An event that is
 * not fresh is older than the snapshot: news for people, but not the state of its app any more.
 */
export function follow(recent, tell) {
  let tries = 0;
  (function connect() {
    const source = new EventSource(`/v1/events?recent=${recent}`);
    const over = () => source.readyState === EventSource.CLOSED;
    let waiting = [], since = 0, reading = false, again = false;

    const take = event => tell.event(event, Date.parse(event.at) >= since);

    function lose(reason) {
      source.close();
      tell.lost(reason);
      setTimeout(connect, Math.min(10000, 1000 * 2 ** tries++));
    }

    async function read() {
      again = reading; // what is on its way may be older than what was missed
      if (reading) return;
      reading = true;
      waiting ??= [];
      try {
        const [snapshot, at] = await get("/v1/apps");
        if (over()) return;
        since = at - 1500; // the answer was written a little after its apps were read, and its Date is cut to a second
        tell.all(snapshot.apps);
        waiting.forEach(take);
        waiting = null;
        tries = 0;
        tell.found();
      } catch (error) {
        if (!over()) lose(`The apps cannot be read: ${error.message}. Trying again.`);
      } finally {
        reading = false;
      }
      if (again && !over()) read();
    }

    for (const kind of KINDS) {
      source.addEventListener(kind, message => {
        const event = JSON.parse(message.data);
        if (!waiting) take(event);
        else if (waiting.push(event) > MOST) waiting.shift();
      });
    }
    source.addEventListener("lost", read); // this page was too slow, and some events were dropped
    source.onopen = read;
    source.onerror = () => lose("The connection to Torpor is lost; what is shown may be old. Trying again.");
  })();
}
