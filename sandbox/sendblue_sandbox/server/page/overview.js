// The overview: the figures of the sandbox, and the chart of the current window.

import {at, count, descriptions, shape} from "./dom.js";

const SECOND = 1000;
const HEIGHT = 96;
const WIDTH = 600;

export function renderFigures(state) {
  const clock = `${new Date(state.clock.now * SECOND).toISOString().slice(0, 19)}Z`;
  const figures = [
    ["Contacts", count(state.contacts)],
    ["Requests", count(state.requests)],
    ["Most requests in a window", count(state.arrivals)],
    ["Fault rules", count(state.faults)],
    ...(state.clock.virtual ? [["Virtual clock", clock]] : []),
    ["Storage", state.settings.db ?? "memory"],
    ["Credentials", state.settings.credentials === "any" ? "any" : "one pair only"],
  ];
  at("figures").replaceChildren(...descriptions(figures).children);
}

export function renderWindow({used, limit, per, history, window}) {
  const most = Math.max(...history), full = limit !== null && used >= limit;
  at("used").textContent = limit === null ? count(used) : `${count(used)} of ${count(limit)}`;
  at("used").className = full ? "bad" : "";
  at("window").textContent = limit === null
    ? `requests in the last ${per} s; no rate limit`
    : `slots used in ${per} s by the busiest API key; window model: ${window}${full ? " – the next request is refused" : ""}`;
  at("scale").textContent = limit === null ? `highest: ${most}` : `– – limit ${count(limit)}`;
  at("chart").setAttribute("aria-label",
    `Slots used over the last 60 seconds: now ${used}, maximum ${most}, limit ${limit ?? "none"}`);
  at("chart").replaceChildren(...bars(history, limit, Math.max(limit ?? 10, used, most)));
}

function bars(history, limit, top) {
  const height = value => HEIGHT * value / top;
  const drawn = history.map((value, second) => shape("rect", {
    x: second * 10 + 1, width: 8, y: 100 - height(value), height: height(value),
    class: limit !== null && value >= limit ? "full" : "",
  }));
  const line = 100 - height(limit ?? 0);
  return limit === null ? drawn : [...drawn, shape("line", {x1: 0, x2: WIDTH, y1: line, y2: line})];
}
