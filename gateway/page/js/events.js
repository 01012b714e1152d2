// The tenant's events, over one stream for all tabs of this browser with the same token: one tab reads it and passes on what comes,
// and where that tab is closed, another one resumes where it stopped, so none is missed.

import { answered, pause } from "./connection.js";
import { aToken, accept } from "./token.js";

const SILENT_MS = 40_000; // the gateway sends a comment every 15 s
const LATE = "Until then changes appear here late.";
const listeners = new Set();
let running = false;
let live = false;
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
  for (;;) {
    refused = await shared(await aToken(refused, why));
    why = "401";
  }
}

// Reads the stream, or waits while another tab does, until the token is refused, and returns that. The browser gives the lock to the
// next tab when the one that has it is closed. It has locks only where the page comes by TLS or from this machine.
async function shared(token) {
  if (!navigator.locks) return reading(token, () => {});
  const name = `earshot.events.${await digest(token)}`;
  const channel = new BroadcastChannel(name);
  const say = (message) => channel.postMessage(message);
  let reads = false;
  channel.onmessage = ({ data }) => {
    if (data.asks) reads && say({ live, last });
    else if (data.fields) take(data.fields);
    else state(data.live, data.last);
  };
  say({ asks: true });
  try {
    return await navigator.locks.request(name, () => {
      reads = true;
      return reading(token, say);
    });
  } finally {
    channel.close();
  }
}

async function digest(token) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function reading(token, say) {
  const now = (is) => {
    state(is);
    say({ live, last });
  };
  for (let attempt = 0; ; attempt += 1) {
    let [seconds, said] = [null, null];
    try {
      const ended = new AbortController();
      const headers = { Authorization: `Bearer ${token}`, ...(last !== null && { "Last-Event-ID": last }) };
      const answer = await fetch("/events", { headers, signal: ended.signal, cache: "no-store" });
      if (answer.status === 401) return token;
      if (answer.ok) {
        attempt = -1;
        answered();
        accept(token);
        now(true);
        await read(answer.body.getReader(), ended, say);
      } else {
        seconds = Number(answer.headers.get("retry-after")) || null;
        said = (await answer.json().catch(() => ({}))).detail ?? null;
      }
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
    now(false);
    await pause(attempt, seconds, null, said && `${said} ${LATE}`);
  }
}

// `place`: that of the tab that reads, where another one does.
function state(is, place = null) {
  live = is;
  document.dispatchEvent(new CustomEvent("earshot-stream", { detail: live }));
  if (last !== null || place === null) return;
  last = place;
  tell("gap", {}); // what happened before is not passed on
}

async function read(reader, ended, say) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const timer = setTimeout(() => ended.abort(), SILENT_MS);
    const { value, done } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = parts.pop();
    for (const part of parts) message(part, say);
  }
}

function message(text, say) {
  const fields = { event: "", id: null, data: "" };
  for (const line of text.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
  }
  if (!fields.data) return;
  say({ fields });
  take(fields);
}

function take({ event, id, data }) {
  const found = JSON.parse(data);
  const begins = last === null;
  if (id !== null) last = id;
  if (begins) tell("gap", found); // views have asked before the stream was there
  if (event !== "position") tell(event, found);
}

function tell(type, data) {
  for (const listener of [...listeners]) listener(type, data);
}
