// The page of the sandbox. No build step: the browser loads these modules as they are. Once a second the page requests
// the control routes under /_sandbox/ and renders what changed.

import {control} from "./api.js";
import {at} from "./dom.js";
import {fetchContacts, renderContacts, startContacts, startOver} from "./contacts.js";
import {fetchRequests, renderRequests, startRequests} from "./requests.js";
import {fetchFaults, renderFaults, startFaults} from "./faults.js";
import {fetchVerifications, renderControls, renderVerifications, startControls} from "./controls.js";
import {renderFigures, renderWindow} from "./overview.js";
import {startTabs} from "./tabs.js";

const SECOND = 1000, TYPING_PAUSE = 200;
const rendered = {};
let paused = false, timer = null, started = false, turns = 0;

async function update() {
  const turn = ++turns;
  if (!started) await start();
  const [state, contacts, requests, faults, verifications] = await Promise.all(
    [control("state"), fetchContacts(), fetchRequests(), fetchFaults(), fetchVerifications()]);
  if (turn !== turns) return; // a later update has begun, and this one must not replace what it shows
  renderIfChanged("state", state, () => [renderFigures, renderWindow, renderControls].forEach(render => render(state)));
  renderIfChanged("contacts", [contacts, state.contacts], () => renderContacts(contacts, state.contacts));
  renderIfChanged("requests", requests, () => renderRequests(requests));
  renderIfChanged("faults", faults, () => renderFaults(faults));
  renderIfChanged("verifications", verifications, () => renderVerifications(verifications));
}

// Only changed parts are rendered again, so that selections, the focus and screen readers are not disturbed.
function renderIfChanged(name, value, render) {
  const text = JSON.stringify(value);
  if (rendered[name] === text) return;
  render();
  rendered[name] = text;
}

async function refresh() {
  clearTimeout(timer);
  try {
    await update();
    if (!paused) showStatus("Live", "good");
  } catch {
    showStatus("No response. Is the sandbox still running?", "bad");
  }
  clearTimeout(timer);
  if (!paused) timer = setTimeout(tick, SECOND);
}

function tick() {
  clearTimeout(timer);
  if (!paused && !document.hidden) refresh();
}

function showStatus(text, kind) {
  if (at("live").textContent !== text) at("live").textContent = text;
  at("live").className = kind;
}

function pause() {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", paused);
  if (paused) showStatus("Paused", "soft"); else tick();
}

// --- the start

async function start() {
  const fields = await control("fields");
  if (started) return;
  started = true;
  startContacts(fields, refresh);
  startFaults(fields, refresh);
  showExamples(fields);
}

function showExamples({title, create}) {
  const name = title.length ? `, ${title[0]}="Ada"` : "";
  const list = create.find(({kind}) => kind === "list");
  const fields = name + (list ? `, ${list.name}=["VIP"]` : "");
  at("curl").textContent = `curl -X POST ${location.origin}/_sandbox/seed \\
  -H 'Content-Type: application/json' -d '{"count": 100}'`;
  at("python").textContent = `from sendblue_contacts import Sendblue

with Sendblue("any", "any", base_url="${location.origin}") as client:
    client.contacts.create("+14155551234"${fields})`;
}

function search() {
  clearTimeout(timer);
  timer = setTimeout(started ? startOver : refresh, TYPING_PAUSE);
}

at("origin").textContent = location.origin;
at("pause").addEventListener("click", pause);
at("search").addEventListener("input", search);
document.addEventListener("visibilitychange", tick);
startTabs();
startRequests(refresh);
startControls(refresh);
refresh();
