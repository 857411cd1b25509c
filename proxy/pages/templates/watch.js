"use strict";
(() => {
  const by = id => document.getElementById(id), main = by("watch");
  const pause = ms => new Promise(done => setTimeout(done, ms));
  let usual = +main.dataset.usual, started = performance.now() - main.dataset.waited * 1000;
  let retryAt = performance.now() + main.dataset.retry * 1000, asleepSince = 0, leaving = false, stageAt = started;

  // A tab that nobody looks at must not keep a failing app trying for ever.
  const looked = () => document.hidden
    ? new Promise(done => document.addEventListener("visibilitychange", done, {once: true})).then(looked)
    : Promise.resolve();

  // Reloads of this path in the last 30 s; the memory may be forbidden (a sandboxed frame), then each reload waits.
  function reloads() {
    const key = "torpor-reloads:" + location.pathname, now = Date.now();
    try {
      const times = JSON.parse(sessionStorage.getItem(key) || "[]").filter(at => at <= now && now - at < 30000);
      sessionStorage.setItem(key, JSON.stringify([...times.slice(-5), now]));
      return times.length;
    } catch { return 3; }
  }

  async function reopen(patient) {
    if (leaving) return;
    leaving = true;
    if (patient) await looked();
    const before = reloads();
    if (before >= 5) return void (by("again").hidden = false);
    if (before) await pause(125 * 2 ** before);
    location.reload();
  }
  by("open").onclick = () => location.reload();

  function stage(text) {
    const list = by("stages"), last = list.lastElementChild;
    if (!text || last?.textContent === text) return;
    if (last?.hasAttribute("aria-current")) {
      last.removeAttribute("aria-current");
      last.dataset.took = Math.round((performance.now() - stageAt) / 1000) + " s";
    }
    stageAt = performance.now();
    const item = document.createElement("li");
    item.textContent = text;
    item.setAttribute("aria-current", "step");
    list.append(item);
    if (list.children.length > 7) list.firstElementChild.remove();
  }

  function show(phase, what) {
    main.dataset.phase = phase;
    by("what").textContent = what;
    document.title = main.dataset.name + " " + what;
    by("waking").hidden = phase === "failed";
    by("failed").hidden = by("next").hidden = phase !== "failed";
  }

  function take(news, changed) {
    const now = performance.now(), retry = now + Math.max(1, news.retry_in) * 1000;
    if (news.phase !== "asleep") asleepSince = 0;
    const lines = news.lines || [];  // a proxy of before this page's says nothing of them
    by("lines").textContent = lines.join("\n");
    by("lines").hidden = !lines.length;
    if (news.phase === "failed") {
      by("reason").textContent = news.reason || "no reason is known";
      by("todo").textContent = news.todo || "";
      retryAt = changed || main.dataset.phase !== "failed" ? retry : Math.min(retryAt, retry);
      show("failed", "could not wake up");
      return tick();
    }
    if (news.usual_seconds) usual = news.usual_seconds;
    started = main.dataset.phase === "failed" ? now : Math.min(started, now - news.waiting_seconds * 1000);
    if (news.phase === "awake" || news.phase === "draining") {
      stage("opening");
      bar(1);
      return reopen();
    }
    show("waking", "is waking up");
    if (news.phase === "waking") return stage(news.stage);
    // Asleep: our knock is on its way, or somebody sent the app back to sleep and it needs another.
    asleepSince ||= now;
  }

  const bar = value => by("bar").value = value;

  function tick() {
    const now = performance.now();
    if (leaving) return;
    if (asleepSince && now - asleepSince > 3000) return void reopen(true);
    if (main.dataset.phase === "failed") {
      const left = Math.ceil((retryAt - now) / 1000);
      by("next").textContent = left > 0 ? "The next try is in " + left + " s." : "Trying again.";
      if (left <= 0) reopen(true);
      return;
    }
    const waited = (now - started) / 1000, ratio = usual ? waited / usual : 0;
    by("time").textContent = Math.round(waited) + " s so far" + (usual ? ", usually " + Math.ceil(usual) + " s" : "")
      + (ratio > 1.5 ? "; it takes longer this time" : "");
    if (ratio) bar(ratio < .9 ? ratio : .99 - .09 * Math.exp((.9 - ratio) / .09));
  }
  setInterval(tick, 250);

  (async () => {
    let version = "", failures = 0, refusals = 0;
    while (!leaving) {
      try {
        const answer = await fetch("/.well-known/torpor/progress?seen=" + encodeURIComponent(version)
          + "&at=" + encodeURIComponent(location.pathname) + "&app=" + encodeURIComponent(main.dataset.name), {cache: "no-store", signal: AbortSignal.timeout(40000)});
        refusals = answer.ok ? 0 : refusals + 1;
        if (refusals >= 5) reopen(true);
        if (!answer.ok) throw answer.status;
        const news = await answer.json();
        failures = 0;
        take(news, version && version !== news.version);
        version = news.version;
        await pause(news.phase === "asleep" ? 500 : 100);
      } catch {
        await pause(1000 * Math.min(4, 2 ** failures++));
      }
    }
  })();
})();
