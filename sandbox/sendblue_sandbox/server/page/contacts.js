// The contacts: the list with its filters, one contact in full, and the forms that create and change one.
// No name of a field stands here: the sandbox sends the fields of its document.

import {control, query} from "./api.js";
import {at, attempt, button, chips, count, descriptions, element, isolated, replace, short, table} from "./dom.js";
import {ask, closeDetails, showDetails, showForm} from "./dialogs.js";
import {createInputs, titleOf} from "./inputs.js";

const PAGE = 50;
const MAX_COLUMNS = 2;
let fields, refresh, offset = 0;

/** Connect the controls. `update` requests the contents of the page again. */
export function startContacts(described, update) {
  fields = described;
  refresh = update;
  for (const id of ["opt-out", "verified"]) at(id).addEventListener("change", startOver);
  at("newer").addEventListener("click", () => turnPage(-PAGE));
  at("older").addEventListener("click", () => turnPage(PAGE));
  at("add-contact").addEventListener("click", addContact);
}

export function startOver() {
  offset = 0;
  refresh();
}

function turnPage(by) {
  offset = Math.max(0, offset + by);
  refresh();
}

/** Return the contacts of the selected page. */
export async function fetchContacts() {
  const filters = {search: at("search").value.trim(), opt_out: at("opt-out").value, verified: at("verified").value};
  const page = await control(`contacts?${query({...filters, limit: PAGE, offset})}`);
  if (offset === 0 || offset < page.total) return {...page, offset, filtered: Object.values(filters).some(Boolean)};
  offset = 0;
  return fetchContacts();
}

export function renderContacts({contacts, total, offset: start, filtered}, all) {
  const shown = contacts.length;
  at("empty").hidden = all > 0;
  const columns = [["Contact", ""], ["Number", "number"], ...complexFields().map(({name}) => [titleOf(name), ""])];
  replace(at("contacts"), shown ? table("Contacts", columns, contacts.map(contactRow)) : "");
  const range = `${count(start + 1)} to ${count(start + shown)} of ${count(total)}`;
  at("found").textContent = shown ? `${range}${filtered ? " found" : ""}, newest first` : all ? "No contacts match." : "";
  at("newer").disabled = start === 0;
  at("older").disabled = start + shown >= total;
  at("newer").hidden = at("older").hidden = total <= PAGE;
}

function complexFields() {
  return fields.contact.filter(({kind}) => kind === "list" || kind === "labels").slice(0, MAX_COLUMNS);
}

function contactRow(contact) {
  const phone = contact[fields.phone];
  const open = () => showContact(contact);
  const name = nameOf(contact);
  const more = fields.contact.filter(isSecondary).map(field => contact[field.name]).filter(Boolean).join(" · ");
  const title = element("div", {}, element("button", {type: "button", class: "link", "data-key": phone},
    name ? element("strong", {}, short(name)) : element("span", {class: "soft"}, "no name")));
  if (more) title.append(element("div", {class: "soft small"}, short(more)));
  const cells = [title, element("div", {}, element("span", {class: "mono"}, phone), ...flags(contact))];
  return {open, cells: [...cells, ...complexFields().map(field => chips(textsOf(field, contact[field.name])))]};
}

function isSecondary({name, kind, format, computed}) {
  return kind === "text" && !computed && format !== "e164" && !fields.title.includes(name);
}

function nameOf(contact) {
  return fields.title.map(name => contact[name]).filter(Boolean).join(" ");
}

function flags(contact) {
  const found = [[fields.opt_out, "opted out", "warn"], [fields.verified, "verified", "good"]];
  return found.filter(([name]) => contact[name]).map(([, text, kind]) => element("div", {class: kind}, text));
}

function textsOf({kind}, value) {
  const items = value ?? [];
  return kind === "list" ? items.map(String) : Object.entries(items).map(([label, text]) => `${label}: ${text}`);
}

// --- one contact

function showContact(contact) {
  const pairs = fields.contact.map(field => [titleOf(field.name), fullValue(field, contact[field.name])]);
  showDetails(isolated(nameOf(contact) || contact[fields.phone]), [descriptions(pairs)], [
    button("Edit", () => editContact(contact), {class: "main"}),
    button("Delete", () => deleteContact(contact), {class: "danger"}),
  ]);
}

function fullValue(field, value) {
  if (field.kind === "boolean") return value ? "yes" : "no";
  if (value === null || value === "" || typeof value === "object" && !Object.keys(value).length) {
    return element("span", {class: "soft"}, "none");
  }
  if (field.kind === "list") return chipsInFull(textsOf(field, value));
  if (field.kind === "labels") return labelsInFull(value);
  return typeof value === "object" ? element("pre", {}, JSON.stringify(value, null, 2)) : isolated(String(value));
}

function labelsInFull(labels) {
  return descriptions(Object.entries(labels).map(([label, text]) => [isolated(label), isolated(text)]));
}

function chipsInFull(texts) {
  return element("div", {}, ...texts.flatMap(text => [element("span", {class: "chip"}, isolated(text)), " "]));
}

function addContact() {
  showContactForm("Add a contact", fields.create, {}, "Add", values => control("contacts", "POST", values));
}

function editContact(contact) {
  closeDetails();
  const values = Object.fromEntries(fields.update.map(({name, contact: held}) => [name, contact[held] ?? null]));
  const path = `contacts/${encodeURIComponent(contact[fields.phone])}`;
  showContactForm("Edit the contact", fields.update, values, "Save", changed => control(path, "PUT", changed));
}

// Only what the person changed is sent, so that an edit does not undo a change that arrived in the meantime.
function showContactForm(title, described, values, submit, send) {
  const inputs = createInputs(described, values);
  const before = inputs.map(({value}) => JSON.stringify(value()));
  showForm(title, inputs.map(({node}) => node), submit, async () => {
    const now = inputs.map(({name, value}) => [name, value()]);
    await send(Object.fromEntries(now.filter(([, value], index) => JSON.stringify(value) !== before[index])));
    refresh();
  });
}

async function deleteContact(contact) {
  const question = element("span", {}, "Delete ", short(nameOf(contact) || contact[fields.phone]), "?");
  if (!await ask(question, "Delete")) return;
  closeDetails();
  await attempt(async () => {
    await control(`contacts/${encodeURIComponent(contact[fields.phone])}`, "DELETE");
  });
  refresh();
}
