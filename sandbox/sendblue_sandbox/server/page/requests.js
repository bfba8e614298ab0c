// The recorded requests: the list with its filter, and one request with its response and the fault that hit it.

import {control, query} from "./api.js";
import {at, attempt, count, descriptions, element, isolated, replace, short, table} from "./dom.js";
import {showDetails} from "./dialogs.js";

const PAGE = 50;
const SECOND = 1000;
const COLUMNS = [["Request", ""], ["Status", "status"], ["Time", "time"]];

/** Connect the controls. `refresh` requests the contents of the page again. */
export function startRequests(refresh) {
  at("status").addEventListener("change", refresh);
}

/** Return the newest requests that the filter selects. */
export async function fetchRequests() {
  const selected = at("status").value;
  const filter = selected === "fault" ? {fault: true} : {status: selected};
  return {...await control(`requests?${query({...filter, limit: PAGE})}`), filtered: Boolean(selected)};
}

export function renderRequests({requests, filtered}) {
  if (!requests.length) {
    return replace(at("requests"), element("p", {class: "soft"}, filtered ? "No requests match." : "No requests yet."));
  }
  // Requests are numbered when they end, and shown in the order in which they arrived.
  const newestFirst = requests.toSorted((one, other) => other.at - one.at || other.number - one.number);
  replace(at("requests"), table("Recent requests", COLUMNS, newestFirst.map(requestRow)));
}

function requestRow(request) {
  const time = new Date(request.at * SECOND);
  const target = element("button", {type: "button", class: "link mono", "data-key": request.number},
    element("strong", {}, request.method), " ", short(targetOf(request)));
  const status = element("div", {}, element("strong", {class: kindOf(request.status)}, statusText(request.status)));
  if (request.fault) status.append(element("div", {class: "warn small"}, `fault: ${request.fault}`));
  const when = element("div", {title: time.toISOString()}, time.toLocaleTimeString("en-GB"),
    element("div", {class: "soft nowrap"}, milliseconds(request.seconds * SECOND)));
  return {open: () => attempt(() => showRequest(request.number)), cells: [target, status, when]};
}

function targetOf({path, query: sent}) {
  return decoded(path) + (sent ? `?${decoded(sent)}` : "");
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function statusText(status) {
  return status ? String(status) : "connection reset";
}

function kindOf(status) {
  if (status >= 200 && status < 300) return "good";
  return status >= 300 && status < 500 ? "warn" : "bad";
}

function milliseconds(time) {
  return `${time.toFixed(time < 10 ? 2 : 0)} ms`;
}

// --- one request

async function showRequest(number) {
  const request = await control(`requests/${number}`);
  const title = element("span", {class: "mono"}, `${request.method} `, short(targetOf(request)));
  showDetails(title, [
    descriptions([
      ["Arrived", new Date(request.at * SECOND).toISOString()],
      ["Processed in", milliseconds(request.seconds * SECOND)],
      ["Path as sent", isolated(request.path + (request.query ? `?${request.query}` : ""))],
    ]),
    heading("Request"), ...message(request),
    heading("Response"), element("p", {}, element("strong", {class: kindOf(request.status)}, statusText(request.status))),
    ...(request.response ? message(request.response) : []),
    heading("Fault"), ...fault(request.fault),
  ]);
}

function heading(text) {
  return element("h3", {}, text);
}

function message({headers, body, size}) {
  const pairs = Object.entries(headers).map(([name, value]) => [isolated(name), isolated(value)]);
  const parts = [descriptions(pairs, "details mono")];
  if (!size) return [...parts, element("p", {class: "soft"}, "no body")];
  parts.push(element("pre", {tabindex: "0", role: "group", "aria-label": "Body"}, readable(body)));
  const cut = new TextEncoder().encode(body).length < size;
  if (cut) parts.push(element("p", {class: "soft"}, `The beginning of ${count(size)} bytes.`));
  return parts;
}

function readable(body) {
  try { return JSON.stringify(JSON.parse(body), null, 2); } catch { return body; }
}

function fault(rule) {
  if (!rule) return [element("p", {class: "soft"}, "No fault hit this request.")];
  return [element("pre", {}, JSON.stringify(rule, null, 2))];
}
