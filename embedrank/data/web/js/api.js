// Asking the server. A refusal becomes a Refused with the server's own words; a missing key is asked for once.
import { by, h, show } from "./dom.js";

const KEPT = "embedrank-key";

export class Refused extends Error {
  constructor(status, message, kind = "") {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

const kept = () => { try { return sessionStorage.getItem(KEPT); } catch { return null; } };
const keep = (key) => { try { sessionStorage.setItem(KEPT, key); } catch { /* then it is asked for again */ } };

/** Headers that every request carries. */
export const credentials = () => (kept() ? { Authorization: `Bearer ${kept()}` } : {});

/** What the server says of a failure, or as much as can be known of it. */
export function refusal(status, body) {
  const error = body?.error ?? body ?? {};
  const text = error.message ?? error.detail ?? `the server answered with status ${status}`;
  return new Refused(status, typeof text === "string" ? text : `the server answered with status ${status}`, error.kind ?? error.code ?? "");
}

async function reply(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...credentials(), ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "the server cannot be reached; is it still running?", "unreachable");
  }
  return response;
}

/** Ask, and read the answer as JSON (or as text, with `text`). */
export async function ask(path, { method = "GET", body, signal, text = false } = {}) {
  const options = { method, signal, headers: {} };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response = await reply(path, options);
  if (response.status === 401 && (await askKey())) response = await reply(path, options);
  if (response.ok) return text ? response.text() : response.json();
  throw refusal(response.status, await response.json().catch(() => null));
}

let asking = null;

/** Ask the user for an API key; all who need one wait for the same answer. */
export function askKey() {
  asking ??= new Promise((resolve) => {
    const dialog = by("key");
    const field = h("input", { type: "password", autocomplete: "off", "aria-label": "API key", id: "key-field" });
    const form = h("form", { method: "dialog", class: "inside stack", onsubmit: () => keep(field.value.trim()) },
      h("h2", { id: "key-title" }, "This server wants a key"),
      h("p", { class: "quiet" }, "It is kept until this browser tab is closed, and sent to this server only."),
      field, h("button", { class: "button main", type: "submit" }, "Use it"));
    show(dialog, form);
    dialog.addEventListener("close", () => { asking = null; resolve(Boolean(kept())); }, { once: true });
    dialog.showModal();
    field.focus();
  });
  return asking;
}

/** A path with an id in it, whatever the id holds. */
export const documentPath = (id, tail = "") => `/documents/${encodeURIComponent(id)}${tail}`;
