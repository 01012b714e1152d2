// One recording: what was found, heard and seen together, and put right where it is wrong.

import { api } from "../api.js";
import { acting, confirmCount } from "../dialog.js";
import { fill, h } from "../dom.js";
import { listen } from "../events.js";
import { isOpen, moment, sentence } from "../format.js";
import { stateOf } from "../list/rows.js";
import { paced } from "../pace.js";
import { keepFocus } from "../redraw.js";
import { trouble } from "../trouble.js";
import { again, againButton } from "./again.js";
import { headOf, isRedacted } from "./facts.js";
import { Workplace } from "./workplace.js";

const EVERY_MS = 300;

export async function recordingView(main, params, signal, id) {
  const sheet =
    document.querySelector('link[href="/page/css/recording.css"]') ??
    h("link", { rel: "stylesheet", href: "/page/css/recording.css" });
  const styled = sheet.isConnected
    ? Promise.resolve()
    : new Promise((resolve) => {
        sheet.onload = resolve;
        sheet.onerror = resolve;
        document.head.append(sheet);
      });
  const failure = trouble("The recording", () => load(), signal);
  const head = h("div", {});
  const state = h("div", { class: "stack", role: "status" });
  const body = h("div", {});
  fill(main, head, failure.element, state, body);
  let place = null;
  let headed = ""; // what the head was drawn of

  const actions = (recording) =>
    [
      place?.downloads(),
      ...(isOpen(recording.state) ? [] : againButton(recording, load)),
      h("button", { class: "danger", onclick: remove }, "Delete"),
    ].filter(Boolean);

  async function remove() {
    if (
      !(await confirmCount(
        "Delete this recording?",
        "Sound, transcript, corrections and everything found are removed for good.",
        1,
        { label: "Delete 1 recording", danger: true },
      ))
    )
      return;
    await acting("Being deleted.", async () => {
      const receipt = await api(`/recordings/${id}?search=false`, { method: "DELETE" });
      return { text: `Deleted. The receipt stays at /deletions/${receipt.recording_id}.` };
    });
    location.hash = "#/";
  }

  // The workplace with its sound, requests and keys.
  function close() {
    place?.stop();
    place = null;
    headed = "";
  }

  function ended(title, ...text) {
    close();
    document.title = `${title} · Earshot`;
    fill(
      head,
      h("p", { class: "small crumb" }, h("a", { href: "#/" }, "Recordings")),
      h("h1", { tabindex: "-1" }, title),
    );
    fill(state);
    fill(
      body,
      h(
        "div",
        { class: "stack" },
        text.map((each) => (typeof each === "string" ? h("p", {}, each) : each)),
      ),
    );
  }

  async function look() {
    const recording = await api(`/recordings/${id}`, { signal }).catch(gone);
    if (!recording) return;
    if (recording.id !== id) {
      location.replace(`#/recordings/${recording.id}`);
      return;
    }
    document.title = `${recording.file_name} · Earshot`;
    if (!head.hasChildNodes()) drawHead(recording); // also where nothing below it can be had
    if (isOpen(recording.state)) progress(recording);
    else if (recording.state === "failed") failed(recording);
    else await shown(recording);
    drawHead(recording);
  }

  function drawHead(recording) {
    const now = JSON.stringify([recording, Boolean(place)]);
    if (now === headed) return;
    headed = now;
    keepFocus(head, () => fill(head, headOf(recording, actions(recording))));
  }

  async function gone(error) {
    if (error.status === 410) await deleted();
    else if (error.status === 404)
      ended("There is no such recording", "It may belong to another tenant than your token.");
    else throw error;
  }

  async function deleted() {
    close();
    const receipt = await api(`/deletions/${id}`, { signal }).catch(() => null); // it may be another tenant's
    if (signal.aborted) return;
    ended(
      "This recording was deleted",
      receipt
        ? `On ${moment(receipt.requested_at)}. Everything of it is removed; only the receipt is kept.`
        : "Everything of it is removed.",
    );
  }

  function progress(recording) {
    const { chunks_merged: done, chunks_total: total } = recording.progress;
    fill(
      state,
      h(
        "div",
        { class: "note" },
        h(
          "p",
          {},
          stateOf(recording.state),
          done ? ` ${done} of ${total} parts` : "", // they are merged many at a time
          place ? ". What is shown is of before." : "",
        ),
        isRedacted(recording) &&
          h("p", {}, "The sound is withheld until personal data is removed from it."),
        h("progress", { max: Math.max(1, total), value: done, "aria-label": "Parts that are analysed" }),
      ),
    );
    if (!place)
      fill(body, h("p", { class: "quiet" }, "The results appear here as soon as they are complete."));
  }

  function failed(recording) {
    close();
    fill(
      state,
      h(
        "div",
        { class: "note bad" },
        h(
          "p",
          {},
          h("strong", {}, "The recording could not be analysed. "),
          sentence(recording.error_detail ?? recording.error_code ?? ""),
        ),
        h(
          "div",
          { class: "row" },
          recording.duration_ms !== null &&
            h("button", { onclick: () => again(id, { failed: true, missing: true }, load) }, "Analyse again"),
        ),
      ),
    );
    fill(body);
  }

  async function shown(recording) {
    fill(state);
    if (place) {
      await place.refresh();
      return;
    }
    await styled;
    signal.throwIfAborted();
    fill(body, h("p", { class: "quiet" }, "Loading the report"));
    const made = new Workplace(recording, signal, () => again(id, { failed: true, missing: true }, load));
    try {
      await made.open(body, params);
      place = made;
    } catch (error) {
      made.stop();
      fill(body);
      throw error;
    }
  }

  const load = paced(() => failure.attempt(look), EVERY_MS, signal);
  listen((type, data) => {
    if (type === "gap") load();
    else if (data.recording_id !== id) return;
    else if (type === "recording.deleted") deleted();
    else if (type === "recording.corrected" && place) place.corrected(data);
    else load();
  }, signal);
  await load();
}
