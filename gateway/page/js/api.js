// Requests to the gateway: with the token, asked for again where it is refused, repeated where nothing answered.

import { answered, pause } from "./connection.js";
import { aToken, accept } from "./token.js";

const AWAY = new Set([502, 503, 504]);

/** An error that the gateway answered with (RFC 9457). */
export class Problem extends Error {
  constructor(status, body, headers) {
    super(body.detail ?? body.title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body.code ?? "";
    this.body = body;
    this.etag = headers?.get("etag") ?? null;
    this.afterSec = Number(headers?.get("retry-after")) || null;
  }
}

/**
 * The answer of an operation: its JSON, or its bytes where `as` is "blob", with `etag` beside it where `whole` is asked for.
 * `again`: it may be sent twice without harm; default for GET and DELETE.
 */
export async function api(
  path,
  { method = "GET", json, headers = {}, signal, again, whole = false, as = "json" } = {},
) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const repeat = again ?? method !== "POST";
  let refused = null;
  let why = "";
  for (let attempt = 0; ; attempt += 1) {
    const token = await aToken(refused, why);
    const sent = {
      Authorization: `Bearer ${token}`,
      ...(body && { "Content-Type": "application/json" }),
      ...headers,
    };
    let answer;
    try {
      answer = await fetch(path, {
        method,
        body,
        headers: sent,
        signal,
        cache: path.includes("/peaks") ? "default" : "no-store",
      });
    } catch (error) {
      if (signal?.aborted || !(error instanceof TypeError) || !repeat) throw error;
      await pause(attempt, null, signal);
      continue;
    }
    if (answer.status === 401) {
      refused = token;
      why = (await problem(answer)).message;
      continue;
    }
    if (answer.status === 429 || (AWAY.has(answer.status) && repeat)) {
      const { body: said, afterSec } = await problem(answer);
      await pause(attempt, afterSec, signal, said.detail ?? null);
      continue;
    }
    answered();
    accept(token);
    if (!answer.ok) throw await problem(answer);
    const found = answer.status === 204 || as === "none" ? null : await answer[as]();
    return whole
      ? { body: found, etag: answer.headers.get("etag"), status: answer.status, headers: answer.headers }
      : found;
  }
}

async function problem(answer) {
  let body = {};
  try {
    body = await answer.json();
  } catch {
    /* a proxy's own page */
  }
  return new Problem(answer.status, body, answer.headers);
}
