// The fault rules: presets, the list with its counters, and the editor.

import {control} from "./api.js";
import {at, attempt, button, chips, count, element, replace} from "./dom.js";
import {showForm} from "./dialogs.js";
import {createInputs, readValues} from "./inputs.js";

const KINDS = {
  status: "Error response",
  delay: "Delay",
  reset: "Connection reset",
  truncated: "Half of the body, then the end",
  broken_json: "Broken JSON",
  html: "HTML error page",
  empty: "Empty body",
  redirect: "Redirect",
};
const PRESETS = [
  ["503 once", {what: "status", status: 503, times: 1}, "The next request fails; a retry succeeds."],
  ["500 always", {what: "status", status: 500}, "Every request fails."],
  ["Every third fails", {what: "status", status: 500, every: 3}, "Each third request fails."],
  ["429 once", {what: "status", status: 429, times: 1, headers: {"Retry-After": "2"}}, "The client must wait 2 s."],
  ["Connection reset", {what: "reset", times: 1}, "The next request is not executed."],
  ["Lost response", {what: "reset", after: true, times: 1}, "The next request is executed, but its response is lost."],
  ["Slow", {what: "delay", delay: 2}, "Every response takes 2 s."],
  ["Half a response", {what: "truncated", times: 1}, "The connection ends in the middle of the next response."],
  ["HTML page", {what: "html", times: 1}, "The next response is the error page of a proxy."],
];
const COUNTERS = ["number", "matched", "happened"];
let operations, refresh;

/** Connect the controls. `update` requests the contents of the page again. */
export function startFaults(described, update) {
  operations = described.operations;
  refresh = update;
  at("presets").replaceChildren(...PRESETS.map(([text, rule, hint]) =>
    button(text, () => change("faults", "POST", rule, `Added: ${text}. ${hint}`), {title: hint})));
  at("add-fault").addEventListener("click", () =>
    editFault("Add a rule", {what: "status"}, "Add", rule => control("faults", "POST", rule)));
  at("clear-faults").addEventListener("click", () => change("faults", "DELETE"));
}

export function fetchFaults() {
  return control("faults");
}

export function renderFaults({faults}) {
  at("clear-faults").hidden = faults.length === 0;
  replace(at("faults"), ...(faults.length ? faults.map(ruleItem)
    : [element("li", {class: "soft"}, "No rules: every request gets its normal response.")]));
}

function ruleItem(rule) {
  const {number, matched, happened} = rule;
  const fields = Object.entries(rule).filter(([name]) => name !== "what" && !COUNTERS.includes(name));
  const texts = fields.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  const path = `faults/${number}`;
  const edit = () => editFault("Edit the rule", rule, "Save", changed => control(path, "PUT", changed));
  return element("li", {}, element("div", {class: "row"},
    element("strong", {}, KINDS[rule.what] ?? rule.what),
    element("span", {class: "soft"}, `hit ${count(happened)} of ${count(matched)} matching requests`),
    element("span", {class: "row end"},
      button("Edit", edit, {"data-key": `edit ${number}`, "aria-label": `Edit rule ${number}`}),
      button("Remove", () => change(path, "DELETE"), {"data-key": number, "aria-label": `Remove rule ${number}`}))),
  chips(texts));
}

async function change(path, method, body, result = "") {
  await attempt(async () => {
    await control(path, method, body);
    return result;
  });
  refresh();
}

function editFault(title, rule, submit, send) {
  const {basic, more} = faultFields();
  const inputs = [basic, more].map(fields => createInputs(fields, rule));
  const nodes = inputs.map(each => each.map(({node}) => node));
  const folded = element("details", {}, element("summary", {}, "More conditions and the response"), ...nodes[1]);
  folded.open = more.some(({name}) => rule[name] !== undefined);
  showForm(title, [...nodes[0], folded], submit, async () => {
    await send(readValues(inputs.flat()));
    refresh();
  });
}

function faultFields() {
  const field = (name, kind, description, rest = {}) => ({name, kind, description, ...rest});
  return {
    basic: [
      field("what", "choice", "What the client receives.", {choices: Object.keys(KINDS), labels: KINDS, required: true}),
      field("status", "number", "The status of the response; empty for the default of the kind."),
      field("operation", "choice", "Only requests of this operation.", {choices: operations, labels: {"": "all"}}),
      field("times", "number", "How often it happens at most; empty for always."),
      field("delay", "number", "Seconds to wait."),
      field("after", "boolean", "Execute the request first, so that only its response is lost."),
    ],
    more: [
      field("method", "text", "Only requests with this HTTP method, such as GET."),
      field("path", "text", "Only requests whose path matches, such as /api/v2/contacts/*."),
      field("nth", "numbers", "Only these of the matching requests, such as 1, 3."),
      field("every", "number", "Only every n-th of the matching requests."),
      field("probability", "number", "The probability for each matching request, from 0 to 1."),
      field("seed", "number", "The seed of the random numbers."),
      field("jitter", "number", "Up to this many more seconds of delay."),
      field("headers", "labels", "Headers of the response."),
      field("body", "body", "The body of the response: JSON or text."),
    ],
  };
}
