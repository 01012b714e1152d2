// One recording: what was found, heard and seen together, and put right where it is wrong.

import { Problem, api } from "../api.js";
import { confirmCount, notice } from "../dialog.js";
import { debounced, fill, h } from "../dom.js";
import { listen } from "../events.js";
import { isOpen, moment, sentence } from "../format.js";
import { stateOf } from "../list/rows.js";
import { again, askAgain } from "./again.js";
import { headOf } from "./facts.js";
import { Workplace } from "./workplace.js";

export async function recordingView(main, params, id) {
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
  const stopped = new AbortController();
  const head = h("div", {});
  const state = h("div", { class: "stack", role: "status" });
  const body = h("div", {});
  fill(main, head, state, body);
  let place = null;

  const actions = (recording) =>
    [
      place?.downloads(),
      !isOpen(recording.state) && h("button", { onclick: () => askAgain(recording, load) }, "Analyse again"),
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
    const receipt = await api(`/recordings/${id}?search=false`, { method: "DELETE" });
    notice(`Deleted. The receipt stays at /deletions/${receipt.recording_id}.`, { seconds: 12 });
    location.hash = "#/";
  }

  function ended(title, ...text) {
    place?.stop();
    place = null;
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

  async function load() {
    let recording;
    try {
      recording = await api(`/recordings/${id}`, { signal: stopped.signal });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 410) return deleted();
      if (error.status === 404)
        return ended("There is no such recording", "It may belong to another tenant than your token.");
      throw error;
    }
    if (recording.id !== id) {
      location.replace(`#/recordings/${recording.id}`);
      return undefined;
    }
    document.title = `${recording.file_name} · Earshot`;
    if (isOpen(recording.state)) progress(recording);
    else if (recording.state === "failed") failed(recording);
    else await shown(recording);
    const focused = head.contains(document.activeElement);
    fill(head, headOf(recording, actions(recording)));
    if (focused) head.querySelector("h1").focus();
    return undefined;
  }

  async function deleted() {
    const receipt = await api(`/deletions/${id}`, { signal: stopped.signal }).catch(() => null); // it may be another tenant's
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
          total ? ` ${done} of ${total} parts` : "",
          place ? ". What is shown is of before." : "",
        ),
        h("progress", { max: Math.max(1, total), value: done, "aria-label": "Parts that are analysed" }),
      ),
    );
    if (!place)
      fill(body, h("p", { class: "quiet" }, "The results appear here as soon as they are complete."));
  }

  function failed(recording) {
    place?.stop();
    place = null;
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
    place = new Workplace(recording, stopped, () => again(id, { failed: true, missing: true }, load));
    fill(body, h("p", { class: "quiet" }, "Loading the report"));
    await place.open(body, params);
  }

  const reload = debounced(
    () =>
      load().catch((error) => {
        if (error.name !== "AbortError") throw error;
      }),
    300,
  );
  const unlisten = listen((type, data) => {
    if (type === "gap") reload();
    else if (data.recording_id !== id) return;
    else if (type === "recording.deleted") deleted();
    else if (type === "recording.corrected") place?.corrected(data);
    else reload();
  });
  await load();
  return () => {
    stopped.abort(new DOMException("left", "AbortError"));
    reload.drop();
    unlisten();
    place?.stop();
  };
}
