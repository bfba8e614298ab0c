// On a phone each part of the page is a tab; on a wider screen all parts are visible, and there are no tabs.

import {at} from "./dom.js";

const STEPS = {ArrowLeft: -1, ArrowRight: 1};
const narrow = matchMedia("(max-width: 640px)");
const tabs = [...document.querySelectorAll("[role=tab]")];
const panelOf = tab => at(tab.getAttribute("aria-controls"));

function select(selected) {
  for (const tab of tabs) {
    const current = tab === selected, panel = panelOf(tab);
    tab.setAttribute("aria-selected", current);
    tab.tabIndex = current ? 0 : -1;
    panel.hidden = narrow.matches && !current;
    if (narrow.matches) panel.setAttribute("role", "tabpanel"); else panel.removeAttribute("role");
  }
}

function selected() {
  return tabs.find(tab => tab.getAttribute("aria-selected") === "true") ?? tabs[0];
}

function move(event) {
  const step = STEPS[event.key];
  if (!step) return;
  const next = tabs[(tabs.indexOf(selected()) + step + tabs.length) % tabs.length];
  select(next);
  next.focus();
}

export function startTabs() {
  for (const tab of tabs) tab.addEventListener("click", () => select(tab));
  at("tabs").addEventListener("keydown", move);
  narrow.addEventListener("change", () => select(selected()));
  select(selected());
}
