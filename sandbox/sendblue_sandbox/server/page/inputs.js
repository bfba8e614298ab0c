// Form inputs by the kind of a value. An input is {name, node, value}: `value()` returns JSON, null if the input is empty.

import {button, element} from "./dom.js";

const HINTS = {list: " One per line.", json: " JSON."};
const INPUT_TYPES = {e164: "tel", email: "email", number: "number"};

/** Create the inputs of fields. A field is {name, kind, format, choices, required, description}. */
export function createInputs(fields, values) {
  return fields.map(field => ({name: field.name, ...createInput(field, values[field.name] ?? null)}));
}

/** Return the values of inputs that are not empty. */
export function readValues(inputs) {
  const values = inputs.map(({name, value}) => [name, value()]);
  return Object.fromEntries(values.filter(([, value]) => value !== null && value !== false));
}

/** Return a readable title for the name of a field. */
export function titleOf(name) {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

function createInput(field, initial) {
  const id = `input-${field.name}`;
  const description = firstSentence(field.description ?? "") + (HINTS[field.kind] ?? "");
  const hint = element("small", {id: `${id}-hint`, class: "soft"}, description);
  const {control, value} = (CONTROLS[field.choices ? "choice" : field.kind] ?? textControl)(field, initial);
  control.id = id;
  control.setAttribute("aria-describedby", hint.id);
  if (field.required) control.required = true;
  const group = control.getAttribute("role") === "group";
  const label = group ? element("span", {id: `${id}-label`, class: "label"}, titleOf(field.name))
    : element("label", {for: id}, titleOf(field.name));
  if (group) control.setAttribute("aria-labelledby", label.id);
  const kind = control.type === "checkbox" ? "field check" : "field";
  return {node: element("div", {class: kind}, label, control, hint), value};
}

function firstSentence(text) {
  return text.split(/(?<=\.) /)[0].replaceAll("`", "");
}

function textControl({format, kind}, initial) {
  const control = element("input", {type: INPUT_TYPES[format] ?? INPUT_TYPES[kind] ?? "text", autocomplete: "off"});
  control.value = initial ?? "";
  if (kind === "number") control.step = "any";
  return {control, value: () => control.value || null};
}

function numberControl(field, initial) {
  const {control, value} = textControl(field, initial);
  return {control, value: () => value() === null ? null : Number(value())};
}

function choiceControl({choices, required, labels = {}}, initial) {
  const options = required ? choices : ["", ...choices];
  const control = element("select", {}, ...options.map(each => element("option", {value: each}, labels[each] ?? each)));
  control.value = initial ?? options[0];
  return {control, value: () => control.value || null};
}

function booleanControl(_, initial) {
  const control = element("input", {type: "checkbox"});
  control.checked = Boolean(initial);
  return {control, value: () => control.checked};
}

function areaControl(text, parse) {
  const control = element("textarea", {rows: "3", spellcheck: "false"});
  control.value = text;
  return {control, value: () => control.value.trim() ? parse(control.value) : null};
}

function listControl(_, initial) {
  return areaControl((initial ?? []).join("\n"), text => text.split("\n").filter(line => line.trim()));
}

function numbersControl(_, initial) {
  const control = element("input", {type: "text", inputmode: "numeric", autocomplete: "off"});
  control.value = (initial ?? []).join(", ");
  const parse = text => text.split(",").map(part => Number(part));
  return {control, value: () => control.value.trim() ? parse(control.value) : null};
}

function jsonControl({name}, initial) {
  return areaControl(initial === null ? "" : JSON.stringify(initial, null, 2), text => {
    try { return JSON.parse(text); } catch { throw new Error(`${titleOf(name)}: this is not valid JSON.`); }
  });
}

function bodyControl(_, initial) {
  return areaControl(typeof initial === "string" ? initial : initial === null ? "" : JSON.stringify(initial), text => {
    try { return JSON.parse(text); } catch { return text; }
  });
}

function labelsControl({name}, initial) {
  const rows = element("div");
  const add = (label = "", value = "") => rows.append(labelRow(label, value));
  for (const [label, value] of Object.entries(initial ?? {})) add(label, value);
  const more = button("Add", () => { add(); rows.lastElementChild.querySelector("input").focus(); });
  more.setAttribute("aria-label", `Add to ${titleOf(name)}`);
  const value = () => {
    const pairs = [...rows.children].map(row => [...row.querySelectorAll("input")].map(input => input.value));
    const given = pairs.filter(([label]) => label);
    return given.length ? Object.fromEntries(given) : null;
  };
  return {control: element("div", {role: "group"}, rows, more), value};
}

function labelRow(label, value) {
  const inputs = [["Name", label], ["Value", value]].map(([title, text]) => {
    const input = element("input", {type: "text", "aria-label": title, placeholder: title, autocomplete: "off"});
    input.value = text;
    return input;
  });
  const row = element("div", {class: "pair"}, ...inputs, button("Remove", () => row.remove()));
  return row;
}

const CONTROLS = {
  boolean: booleanControl, body: bodyControl, choice: choiceControl, json: jsonControl, labels: labelsControl,
  list: listControl, number: numberControl, numbers: numbersControl,
};
