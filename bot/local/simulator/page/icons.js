import { el } from "./element.js";

const PATHS = {
  thread: "M5 5h14v9H9l-4 4zM9 8.5h6M9 11h4",
  lock: "M7 11h10v8H7zM9 11V8a3 3 0 0 1 6 0v3",
  forum: "M4 5h12v8H9l-3 3v-3H4zM18 9h2v8h-2v3l-3-3H9",
  reply: "M10 7 5 12l5 5M5 12h8q6 0 6 6",
  forward: "m14 7 5 5-5 5M19 12h-8q-6 0-6 6",
  poll: "M5 20V11M10 20V5M15 20v-6M20 20V9",
  sticker: "M5 5h14v8l-6 6H5zM13 19v-6h6M9 9v1M15 9v1M9 13q1 1.5 2.5 1.5",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 4M15 9v.5",
  audio: "M9 17V5l10-2v12M9 17a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M19 15a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0",
  video: "M4 6h11v12H4zM15 11l5-3v8l-5-3",
  attach: "m8 12 6-6a3.2 3.2 0 0 1 5 5l-8 8a5 5 0 0 1-7-7l7-7",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  check: "m5 12 5 5 9-10",
  edit: "m5 19 1-4L16 5l3 3L9 18zM14 7l3 3",
  bin: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10.5 10.5v5M13.5 10.5v5",
  smile: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M9 10v.5M15 10v.5M8.5 14q3.5 3 7 0",
  send: "m4 5 16 7-16 7 2-7zM6 12h8",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "m6 6 12 12M18 6 6 18",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  apps: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z",
  down: "m6 9 6 6 6-6",
  pin: "M9 4h6l-1 6 3 3v1H7v-1l3-3zM12 14v6",
  plus: "M12 5v14M5 12h14",
  eye: "M3 12q9-12 18 0-9 12-18 0M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
};

/** A line drawing, decorative: what it stands for is said in words beside it or in a label. */
export function icon(name) {
  const svg = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${PATHS[name]}"/></svg>`;
  return el("span.icon", { html: svg });
}

/** A button that shows only an icon. */
export function iconButton(name, label, properties = {}) {
  return el("button.icon-button", { type: "button", title: label, "aria-label": label, ...properties }, icon(name));
}
