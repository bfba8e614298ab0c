// The controls: sample contacts, reset, clock and rate limit; and the verification messages, which can be answered.

import {control} from "./api.js";
import {at, attempt, button, count, element, replace, table} from "./dom.js";
import {ask} from "./dialogs.js";

const SECOND = 1000;
const MESSAGES = 50;
const COLUMNS = [["Sent", "time"], ["Number", ""], ["Reply", ""]];
let refresh, shownLimit = "";

/** Connect the controls. `update` requests the contents of the page again. */
export function startControls(update) {
  refresh = update;
  at("seed").addEventListener("click", () => seed({count: 100}));
  at("seed-form").addEventListener("submit", on(() => seed({count: numberIn("seed-count"), seed: numberIn("seed-seed")})));
  at("reset").addEventListener("click", reset);
  at("advance-form").addEventListener("submit", on(() => setClock({advance: numberIn("advance")})));
  at("set-form").addEventListener("submit", on(() => setClock({set: at("set-time").value.trim()})));
  at("real").addEventListener("click", () => setClock({real: true}));
  at("limit-form").addEventListener("submit", on(setLimit));
  at("limit-off").addEventListener("change", () => { at("limit").disabled = at("limit-off").checked; });
}

function on(action) {
  return event => {
    event.preventDefault();
    action();
  };
}

function numberIn(id) {
  return at(id).value === "" ? null : Number(at(id).value);
}

async function change(path, body, result) {
  await attempt(async () => result(await control(path, "POST", body)));
  refresh();
}

function seed(body) {
  return change("seed", body, ({created}) => `Created ${count(created)} contacts.`);
}

async function reset() {
  const question = "Delete all contacts, requests and fault rules, restore the limit, and follow real time?";
  if (await ask(question, "Reset")) await change("reset", undefined, () => "The sandbox is as it was at its start.");
}

function setClock(body) {
  return change("clock", body, ({iso, virtual}) => virtual ? `It is ${iso}.` : "The clock follows real time.");
}

function setLimit() {
  const limit = at("limit-off").checked ? null : numberIn("limit");
  const body = {limit, per: numberIn("per"), window: at("window-model").value};
  return change("limit", body, () => "The limit is changed until the next reset. All windows are empty.");
}

export function renderControls({clock, limit, per, window}) {
  const time = `${new Date(clock.now * SECOND).toISOString().slice(0, 19)}Z`;
  at("clock").textContent = clock.virtual ? `It is ${time}, and the time stands still.` : "The clock follows real time.";
  at("real").disabled = !clock.virtual;
  // What a person has typed stays until the limit itself changes.
  const current = JSON.stringify([limit, per, window]);
  if (current === shownLimit) return;
  shownLimit = current;
  at("limit-off").checked = at("limit").disabled = limit === null;
  at("limit").value = limit ?? "";
  at("per").value = per;
  at("window-model").value = window;
}

// --- verification messages

export function fetchVerifications() {
  return control(`verifications?limit=${MESSAGES}`);
}

export function renderVerifications({verifications}) {
  replace(at("verifications"), verifications.length
    ? table("Verification messages", COLUMNS, verifications.map(verificationRow))
    : element("p", {class: "soft"}, "No messages yet. Each verify request is one; nothing is really sent."));
}

function verificationRow({number, phone, sent_at: sent, answered}) {
  const time = new Date(sent);
  const when = element("span", {title: time.toISOString()}, time.toLocaleTimeString("en-GB"));
  const reply = () => change("verifications", {phone}, () => `${phone} is verified.`);
  const state = answered ? element("span", {class: "good"}, "verified")
    : button("Reply", reply, {"data-key": number, "aria-label": `Reply from ${phone}`});
  return {cells: [when, element("span", {class: "mono"}, phone), state]};
}
