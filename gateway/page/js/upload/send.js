// Sends a file: in pieces that continue after a lost connection (tus 1.0.0), or whole where the server has no such route.

import { Problem, api } from "../api.js";
import { answered, pause } from "../connection.js";
import { recall, remember } from "../settings.js";
import { aToken } from "../token.js";
import { uuid } from "../dom.js";

const PIECE = 4_000_000; // a proxy that cuts at 100 s leaves 40 kB a second
const TUS = { "Tus-Resumable": "1.0.0" };

// An upload is continued with the options that it was begun with only.
const keyOf = (file, options) =>
  `upload.${file.name}.${file.size}.${file.lastModified}.${JSON.stringify(options)}`;

/** Sends it; `progress(bytes)` while it does. Returns the id of the recording. */
export async function send(file, options, progress, signal) {
  const key = keyOf(file, options);
  const known = recall(key, null);
  const made = (known && (await resumed(known.url, signal))) ?? (await create(file, options, key, signal));
  if (made === null) return whole(file, options, progress, signal);
  const id = made.recording ?? (await pieces(file, made, progress, signal));
  remember(key, null);
  return id;
}

/** Gives up what `send` has begun, and removes it from the server. */
export async function forsake(file, options) {
  const key = keyOf(file, options);
  const known = recall(key, null);
  remember(key, null);
  if (!known) return;
  try {
    await api(known.url, { method: "DELETE", headers: TUS });
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // it expires
  }
}

async function create(file, options, key, signal) {
  const metadata = Object.entries({ filename: file.name, ...options })
    .map(([name, value]) => `${name} ${base64(value)}`.trim())
    .join(",");
  try {
    const { headers } = await api("/uploads", {
      method: "POST",
      headers: { ...TUS, "Upload-Length": file.size, "Upload-Metadata": metadata },
      signal,
      again: true,
      whole: true,
      as: "none",
    });
    signal.throwIfAborted();
    const url = headers.get("location");
    remember(key, { url });
    return { url, offset: 0 };
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 405)) return null;
    throw error;
  }
}

async function resumed(url, signal) {
  try {
    const found = await api(url, { headers: TUS, signal });
    return { url, offset: found.offset, recording: found.recording_id };
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 410)) return null;
    throw error;
  }
}

async function pieces(file, made, progress, signal) {
  let { offset } = made;
  for (let attempt = 0; ;) {
    progress(offset);
    const answer = await put(
      "PATCH",
      made.url,
      file.slice(offset, offset + PIECE),
      { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset },
      (sent) => progress(offset + sent),
      signal,
    );
    if (answer.status === 204 || answer.status === 200) {
      attempt = 0;
      offset = Number(answer.header("Upload-Offset"));
      const id = answer.header("X-Recording-ID");
      if (id) return id;
      if (offset < file.size) continue;
    } else if (!passes(answer)) {
      throw new Problem(answer.status, answer.json());
    } else if (answer.status !== 409) {
      await putOff(attempt, answer, signal);
      attempt += 1;
    }
    const now = await resumed(made.url, signal); // where it stands: a piece, or an answer, was lost
    if (now === null)
      throw new Problem(404, { detail: "The upload expired on the server; send the file again." });
    if (now.recording) return now.recording;
    offset = now.offset;
  }
}

// Whether a piece that was not taken may be sent again: its connection or the server went, it came too slowly, or it stands
// elsewhere. Another request that took the upload over, of another tab, has the better right: two that take it from each other
// would never end.
const passes = ({ status, json }) =>
  !status ||
  status >= 500 ||
  status === 408 ||
  status === 429 ||
  (status === 409 && json().code !== "taken_over");

const putOff = (attempt, answer, signal) =>
  pause(attempt, Number(answer.header("Retry-After")) || null, signal, answer.json().detail ?? null);

async function whole(file, options, progress, signal) {
  const key = uuid();
  for (let attempt = 0; ; attempt += 1) {
    const form = new FormData();
    for (const [name, value] of Object.entries(options)) form.append(name, value);
    form.append("file", file, file.name);
    const answer = await put(
      "POST",
      "/recordings",
      form,
      { "Idempotency-Key": key },
      (sent) => progress(Math.min(sent, file.size)),
      signal,
    );
    if (answer.status === 202) return answer.json().id;
    if (answer.status && ![408, 429, 503].includes(answer.status))
      throw new Problem(answer.status, answer.json());
    await putOff(attempt, answer, signal);
  }
}

// XMLHttpRequest: fetch does not say how much was sent. Status 0: no answer.
async function put(method, url, body, headers, progress, signal) {
  for (let refused = null; ;) {
    const token = await aToken(refused, "401");
    const answer = await new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      for (const [name, value] of Object.entries({ ...headers, Authorization: `Bearer ${token}` }))
        request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => progress(event.loaded);
      const stop = () => {
        reject(signal.reason);
        request.abort();
      };
      request.onloadend = () => {
        signal.removeEventListener("abort", stop);
        resolve({
          status: request.status,
          header: (name) => request.getResponseHeader(name),
          json: () => {
            try {
              return JSON.parse(request.responseText);
            } catch {
              return {};
            }
          }, // a proxy's own page
        });
      };
      signal.addEventListener("abort", stop);
      request.send(body);
    });
    if (answer.status !== 401) {
      if (answer.status) answered();
      return answer;
    }
    refused = token;
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
