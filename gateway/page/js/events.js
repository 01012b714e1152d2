// The tenant's events, over one stream for the whole page. It resumes where it stopped, so none is missed.

import { answered, pause } from "./connection.js";
import { aToken, accept } from "./token.js";

const SILENT_MS = 40_000; // the gateway sends a comment every 15 s
const LATE = "Until then changes appear here late.";
const listeners = new Set();
let running = false;
let last = null;

/**
 * Calls `listener(type, data)` for every event until `signal` ends, and with "gap" where some may be missed: they were removed
 * unread, or happened before the stream began.
 */
export function listen(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
  if (running) return;
  running = true;
  follow();
}

async function follow() {
  let [refused, why] = [null, ""];
  for (let attempt = 0; ; attempt += 1) {
    const token = await aToken(refused, why);
    refused = null;
    let [seconds, said] = [null, null];
    try {
      const ended = new AbortController();
      const headers = { Authorization: `Bearer ${token}`, ...(last !== null && { "Last-Event-ID": last }) };
      const answer = await fetch("/events", { headers, signal: ended.signal, cache: "no-store" });
      if (answer.status === 401) {
        [refused, why] = [token, "401"];
        continue;
      }
      if (answer.ok) {
        attempt = -1;
        answered();
        accept(token);
        state(true);
        await read(answer.body.getReader(), ended);
      } else {
        seconds = Number(answer.headers.get("retry-after")) || null;
        said = (await answer.json().catch(() => ({}))).detail ?? null;
      }
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
    state(false);
    await pause(attempt, seconds, null, said && `${said} ${LATE}`);
  }
}

const state = (live) => document.dispatchEvent(new CustomEvent("earshot-stream", { detail: live }));

async function read(reader, ended) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const timer = setTimeout(() => ended.abort(), SILENT_MS);
    const { value, done } = await reader.read().finally(() => clearTimeout(timer));
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
  const begins = last === null;
  if (fields.id !== null) last = fields.id;
  const data = JSON.parse(fields.data);
  if (begins) tell("gap", data); // views have asked before the stream was there
  if (fields.event !== "position") tell(fields.event, data);
}

function tell(type, data) {
  for (const listener of [...listeners]) listener(type, data);
}
