// Elements. Values of contacts and requests are inserted as text, never as HTML: everything here takes text or elements.

const MAX_CHARACTERS = 100;
const MAX_CHIPS = 12;
const SVG = "http://www.w3.org/2000/svg";
const number = new Intl.NumberFormat("en");

export const at = id => document.getElementById(id);
export const count = value => number.format(value);

/** Create an element with attributes and children, which are elements or text. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Create an element of an SVG drawing. */
export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(created, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/** Create a button. `action` is called with the event. */
export function button(text, action, attributes = {}) {
  const created = element("button", {type: "button", ...attributes}, text);
  created.addEventListener("click", action);
  return created;
}

/** Create a table. A column is [title, class]; a row is {cells, open}: `open` is called when it is clicked. */
export function table(label, columns, rows) {
  // The roles keep the semantics of a table when the style shows its rows as cards.
  const head = columns.map(([title, kind]) => element("th", {scope: "col", role: "columnheader", class: kind}, title));
  return element("table", {role: "table", "aria-label": label},
    element("thead", {role: "rowgroup"}, element("tr", {role: "row"}, ...head)),
    element("tbody", {role: "rowgroup"}, ...rows.map(tableRow)));
}

function tableRow({cells, open}) {
  const row = element("tr", {role: "row"}, ...cells.map(cell => element("td", {role: "cell"}, cell)));
  if (open) {
    row.classList.add("opens");
    // A click that ends the selection of some text does not open the row.
    row.addEventListener("click", event => (event.target.closest("button") || getSelection().isCollapsed) && open());
  }
  return row;
}

/** Create a list of names and values: each pair is [name, element or text]. */
export function descriptions(pairs, kind = "details") {
  return element("dl", {class: kind},
    ...pairs.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

/** Create a row of short texts in frames. */
export function chips(texts, most = MAX_CHIPS) {
  // With a space after each, so that copied text has one.
  const shown = texts.slice(0, most).flatMap(text => [element("span", {class: "chip"}, short(text)), " "]);
  if (texts.length > most) shown.push(element("span", {class: "soft"}, `and ${texts.length - most} more`));
  return element("div", {}, ...shown);
}

/** Create an element with a text, cut off after 100 characters. */
export function short(text) {
  const characters = [...text];
  return characters.length <= MAX_CHARACTERS ? isolated(text)
    : isolated(`${characters.slice(0, MAX_CHARACTERS).join("")}… (${count(characters.length)} characters)`);
}

/** Create an element with a text whose direction does not change that of the text next to it. */
export function isolated(text) {
  return element("bdi", {}, text);
}

/** Replace the children of a container. The control that had the focus gets it again, found by its data-key. */
export function replace(container, ...children) {
  const key = container.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  container.replaceChildren(...children);
  if (key !== undefined) [...container.querySelectorAll("[data-key]")].find(each => each.dataset.key === key)?.focus();
}

/** Show a message at the top of the page: "good" for a result, "bad" for an error. */
export function showMessage(text, kind = "good") {
  at("message").textContent = text;
  at("message").className = kind;
}

/** Run an action of a control, and show its result or its error at the top of the page. */
export async function attempt(action) {
  try {
    showMessage(await action() ?? "");
  } catch (error) {
    showMessage(error.message, "bad");
  }
}
