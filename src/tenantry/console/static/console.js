// Keeps an open page up to date, and nothing else: everything works without it.
// The console says that something of a topic changed; the page then asks for itself, with the viewer's own rights.
"use strict";

(() => {
  const topics = new Set((document.body.dataset.topics || "").split(" ").filter(Boolean));
  if (!topics.size || !window.EventSource) return;

  let events = null;
  let timer = 0;
  let pause = 2000;
  let asking = false;
  let again = false;

  const refresh = async () => {
    timer = 0;
    if (asking) { again = true; return; }
    asking = true;
    const begun = performance.now();
    try {
      const answer = await fetch(location.href, { headers: { "X-Tenantry-Live": "1" }, redirect: "manual" });
      if (answer.type === "opaqueredirect") { location.reload(); return; }
      if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The console does not answer now; the events begin again by themselves.
    } finally {
      // A page that takes long is asked for less often.
      pause = Math.max(2000, 10 * (performance.now() - begun));
      asking = false;
      if (again) { again = false; later(); }
    }
  };

  const replace = (fresh) => {
    for (const old of document.querySelectorAll("[data-live][id]")) {
      const made = fresh.getElementById(old.id);
      if (!made || made.isEqualNode(old)) continue;
      const focused = old.contains(document.activeElement) ? path(old, document.activeElement) : null;
      const open = [...old.querySelectorAll("details[open][id]")].map((one) => one.id);
      const scrolled = [...old.querySelectorAll(".wide")].map((one) => one.scrollLeft);
      old.replaceWith(document.adoptNode(made));
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      made.querySelectorAll(".wide").forEach((one, at) => { one.scrollLeft = scrolled[at] || 0; });
      if (focused) follow(made, focused)?.focus({ preventScroll: true });
    }
  };

  const path = (root, node) => {
    const steps = [];
    for (let at = node; at !== root; at = at.parentNode) steps.unshift([...at.parentNode.children].indexOf(at));
    return steps;
  };

  const follow = (root, steps) => steps.reduce((at, step) => at && at.children[step], root);

  const later = () => { if (!timer) timer = setTimeout(refresh, pause); };

  const listen = () => {
    if (events || document.hidden) return;
    events = new EventSource("/events");
    events.addEventListener("open", () => document.getElementById("live")?.removeAttribute("hidden"));
    events.addEventListener("changed", (event) => {
      if (event.data.split(" ").some((topic) => topics.has(topic))) later();
    });
  };

  // A hidden page must not hold one of the few connections that a browser has.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { events?.close(); events = null; } else { listen(); later(); }
  });
  window.addEventListener("pagehide", () => { events?.close(); events = null; });
  window.addEventListener("pageshow", listen);
  listen();
})();
