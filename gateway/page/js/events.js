// The tenant's events, over one stream for the whole page. It resumes where it stopped, so none is missed.

import { answered, pause } from "./connection.js";
import { aToken } from "./token.js";

const SILENT_MS = 40_000; // the gateway sends a comment every 15 s
const listeners = new Set();
let running = false;
let last = null;

/** Calls `listener(type, data)` for every event, and with "gap" where some were removed unread; returns its end. */
export function listen(listener) {
  listeners.add(listener);
  if (!running) {
    running = true;
    follow();
  }
  return () => listeners.delete(listener);
}

async function follow() {
  let refused = null;
  for (let attempt = 0; ; attempt += 1) {
    const token = await aToken(refused, "401");
    refused = null;
    try {
      const ended = new AbortController();
      const headers = { Authorization: `Bearer ${token}`, ...(last !== null && { "Last-Event-ID": last }) };
      const answer = await fetch("/events", { headers, signal: ended.signal, cache: "no-store" });
      if (answer.status === 401) {
        refused = token;
        continue;
      }
      if (answer.ok) {
        attempt = -1;
        answered();
        document.dispatchEvent(new CustomEvent("earshot-stream", { detail: true }));
        await read(answer.body.getReader(), ended);
      }
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
    document.dispatchEvent(new CustomEvent("earshot-stream", { detail: false }));
    await pause(attempt, null);
  }
}

async function read(reader, ended) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const timer = setTimeout(() => ended.abort(), SILENT_MS);
    const { value, done } = await reader.read();
    clearTimeout(timer);
    if (done) return;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = parts.pop();
    parts.forEach(message);
  }
}

function message(text) {
  const fields = { event: "", id: null, data: "" };
  for (const line of text.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
  }
  if (!fields.data) return;
  if (fields.id !== null) last = fields.id;
  if (fields.event === "position") return;
  const data = JSON.parse(fields.data);
  for (const listener of [...listeners]) listener(fields.event, data);
}
