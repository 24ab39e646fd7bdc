// Moments in words, in the reader's language and time zone.

import { escape } from "./escape.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};

// From the largest unit down, in seconds.
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

const DAY_MS = 86_400_000;

/** `<t:…>` as HTML: epoch seconds in one of Discord's styles. */
export function clockTag(seconds, style, now = Date.now()) {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return "Invalid Date";
  const full = moment.toLocaleString(undefined, STYLES.F);
  const shown = style === "R" ? relative(seconds - now / 1000) : moment.toLocaleString(undefined, STYLES[style]);
  return `<time datetime="${moment.toISOString()}" title="${escape(full)}">${escape(shown)}</time>`;
}

/** "in 3 hours", "2 days ago"; `offset` in seconds from now. */
export function relative(offset) {
  const [unit, size] = UNITS.find(([, seconds]) => Math.abs(offset) >= seconds) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(offset / size), unit);
}

/** The moment beside a message's author. */
export function label(moment, now = new Date()) {
  const time = moment.toLocaleTimeString(undefined, STYLES.t);
  if (sameDay(moment, now)) return time;
  if (sameDay(moment, new Date(now - DAY_MS))) return `Yesterday at ${time}`;
  return `${moment.toLocaleDateString(undefined, STYLES.d)}, ${time}`;
}

export function time(moment) {
  return moment.toLocaleTimeString(undefined, STYLES.t);
}

export function day(moment) {
  return moment.toLocaleDateString(undefined, STYLES.D);
}

export function full(moment) {
  return moment.toLocaleString(undefined, STYLES.F);
}

export function sameDay(one, other) {
  return one.toDateString() === other.toDateString();
}
