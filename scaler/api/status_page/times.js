// How times are said: short, and so that a row need not change every second for nothing.

let ahead = 0; // milliseconds that the server's clock is ahead of this one

/** Learn the server's clock from the Date of an answer; it is exact to a second, so small differences are none. */
export function learnClock(answer) {
  const server = Date.parse(answer.headers.get("Date") ?? "");
  const off = server - Date.now();
  ahead = Math.abs(off) > 2000 ? off : 0;
  return Number.isNaN(server) ? 0 : server;
}

export const now = () => Date.now() + ahead;

/** A span of time in seconds, in at most two units. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, "min", 1, "s");
  if (whole < 86400) return pair(whole, 3600, "h", 60, "min");
  return pair(whole, 86400, "d", 3600, "h");
}

function pair(whole, big, bigName, small, smallName) {
  const rest = Math.floor((whole % big) / small);
  return `${Math.floor(whole / big)} ${bigName}` + (rest ? ` ${rest} ${smallName}` : "");
}

/** How long ago, in one unit: what is long ago need not be exact. */
export function ago(at) {
  const seconds = Math.max(0, (now() - Date.parse(at)) / 1000);
  if (seconds < 2) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** Seconds until a time; negative when it has passed. */
export const until = at => (Date.parse(at) - now()) / 1000;
