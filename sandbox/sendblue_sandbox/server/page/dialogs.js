// The dialogs: details, a form, and a question. Escape closes each of them.

import {at, button, element, replace} from "./dom.js";

/** Show details with a title, elements, and the buttons below them. */
export function showDetails(title, content, buttons = []) {
  at("details-title").replaceChildren(title);
  replace(at("details-content"), ...content);
  replace(at("details-buttons"), ...buttons, button("Close", closeDetails));
  at("details").showModal();
  at("details-buttons").lastElementChild.focus();
  at("details-content").scrollTop = 0;
}

export function closeDetails() {
  at("details").close();
}

/** Show a form. `save` is called when it is submitted; if it throws, the form stays open and shows the message. */
export function showForm(title, content, submit, save) {
  at("form-title").replaceChildren(title);
  replace(at("form-content"), ...content);
  at("form-submit").textContent = submit;
  at("form-error").textContent = "";
  at("form").onsubmit = event => {
    event.preventDefault();
    send(save);
  };
  at("form-dialog").showModal();
  at("form-content").querySelector("input, select, textarea")?.focus();
}

async function send(save) {
  at("form-submit").disabled = true;
  try {
    await save();
    at("form-dialog").close();
  } catch (error) {
    at("form-error").textContent = error.message;
  } finally {
    at("form-submit").disabled = false;
  }
}

/** Ask a question, and return whether the person pressed the button `action`. */
export function ask(question, action) {
  const dialog = at("question");
  return new Promise(resolve => {
    const answer = yes => {
      resolve(yes);
      dialog.close();
    };
    dialog.onclose = () => resolve(false);
    replace(dialog, element("p", {id: "question-text"}, question), element("p", {class: "row"},
      button("Cancel", () => answer(false)), button(action, () => answer(true), {class: "danger"})));
    dialog.showModal();
  });
}

at("form-cancel").addEventListener("click", () => at("form-dialog").close());
