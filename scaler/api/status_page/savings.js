// What sleeping has saved, as GET /v1/savings tells it: read now and then, for it is no news when it grows.

import {get} from "./api.js";

const HOUR = 3600, GIB_HOUR = 2 ** 30 * HOUR;

/** An amount in as many digits as are worth reading. */
export function amount(number) {
  if (number >= 100) return Math.round(number).toLocaleString("en");
  return number >= 10 ? number.toFixed(1) : number.toFixed(2);
}

/** What is told of some savings: [the most telling amount, another one]; empty where nothing was saved. */
export function told(saved, currency) {
  if (!saved?.asleep_seconds) return ["", ""];
  const cpu = saved.cpu_core_seconds / HOUR, memory = saved.memory_byte_seconds / GIB_HOUR;
  const resources = [cpu ? `${amount(cpu)} core h` : "", memory ? `${amount(memory)} GiB h` : ""].filter(Boolean);
  if (saved.money != null) return [`${amount(saved.money)} ${currency}`, resources.join(", ")];
  return [resources[0] ?? "", resources[1] ?? ""];
}

/** The savings: {apps: texts by id, total: a sentence}. Throws an Error where they cannot be had. */
export async function read() {
  const [found] = await get("/v1/savings");
  const currency = found.price?.currency ?? "";
  const apps = new Map(found.apps.map(app => {
    const [most, rest] = told(app.saved, currency), [would, more] = told(app.would_save, currency);
    return [app.id, most || !would ? [most, rest] : [`would: ${would}`, more]];
  }));
  const sum = saved => told(saved, currency).filter(Boolean).join(", ");
  const saved = sum(found.total.saved), would = sum(found.total.would_save);
  const total = [saved && `saved ${saved}`, would && `would have saved ${would} more in shadow mode`];
  return {apps, total: total.filter(Boolean).join("; ")};
}
