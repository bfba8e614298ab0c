// Requests to the control routes of the sandbox.

const JSON_TYPE = {"Content-Type": "application/json"};

/** Send a control request and return the decoded response. Throws an Error with the message of the sandbox. */
export async function control(path, method = "GET", body = undefined) {
  const content = body === undefined ? {} : {headers: JSON_TYPE, body: JSON.stringify(body)};
  const response = await fetch(`/_sandbox/${path}`, {method, ...content});
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message ?? `The sandbox answered with status ${response.status}.`);
  return answer;
}

/** Return a query string of the values that are neither null nor "". */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== "");
  return new URLSearchParams(given).toString();
}
