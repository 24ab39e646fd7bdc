// A browser in which every element is blank: enough to run the page's app.js, which draws into it, and to hear what it asks.

/** Whatever is asked of it is blank as well; a text that is set as HTML is told to `drawn`. */
function blank(drawn) {
  const own = {};
  return new Proxy(function () {}, {
    get(_, key) {
      if (key === Symbol.toPrimitive) return () => "";
      if (key === Symbol.iterator) return () => [][Symbol.iterator]();
      if (key === "then") return undefined; // not a promise
      return (own[key] ??= blank(drawn));
    },
    set(_, key, value) {
      own[key] = value;
      if (key === "innerHTML") drawn.push(value);
      return true;
    },
    has: () => true,
    apply: () => blank(drawn),
    construct: () => blank(drawn),
  });
}

/**
 * Opens the page at the address `app`; `answer(path)` is what the local Discord answers to a GET, null if it refuses.
 * `stored` is what the browser has kept of an earlier visit.
 */
export async function opened(app, answer, stored = {}) {
  const page = { asked: [], drawn: [], lines: [], timers: [] };
  const element = blank(page.drawn);
  const storage = { getItem: (key) => stored[key] ?? null, setItem: (key, value) => (stored[key] = value) };
  class EventSource {
    static CLOSED = 2;
    constructor(url) {
      this.url = url;
      page.lines.push(this);
    }
    addEventListener() {}
    close() {}
  }
  Object.assign(globalThis, {
    EventSource,
    ResizeObserver: element,
    addEventListener() {},
    document: element,
    fetch: async (path) => {
      page.asked.push(path);
      const told = answer(path.replace("/control/", ""));
      return { ok: told !== null, status: told === null ? 404 : 200, json: async () => told ?? { error: "unknown" } };
    },
    history: { replaceState() {} },
    localStorage: storage,
    location: { hash: "", pathname: "/", search: "" },
    matchMedia: () => ({ matches: false }),
    requestAnimationFrame() {},
    sessionStorage: storage,
    setTimeout: (work) => page.timers.push(work),
  });
  await import(app);
  await settled();
  return page;
}

/** Runs what waits for a timer. */
export async function elapsed(page) {
  for (const work of page.timers.splice(0)) work();
  await settled();
}

/** Waits until nothing is under way: all answers are there at once. */
export async function settled() {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}
