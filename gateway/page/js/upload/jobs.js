// Uploads of this page: two at a time, each from its bytes to its report. They go on in every view.

import { api } from "../api.js";
import { fill, h, set } from "../dom.js";
import { listen } from "../events.js";
import { bytes, isOpen, percent } from "../format.js";
import { stateOf } from "../list/rows.js";
import { paced } from "../pace.js";
import { keepFocus } from "../redraw.js";
import { trouble } from "../trouble.js";
import { digest } from "./hash.js";
import { options } from "./options.js";
import { forsake, send } from "./send.js";

const AT_ONCE = 2;
const EVERY_MS = 700;
const all = [];
let running = 0;

export const jobs = () => all;
const changed = () => document.dispatchEvent(new Event("earshot-uploads"));
const submitted = () => document.dispatchEvent(new Event("earshot-submitted"));

/** Begins to upload these files. */
export function add(files) {
  for (const file of files) all.unshift(new Job(file, options()));
  changed();
  next();
}

function next() {
  while (running < AT_ONCE) {
    const job = all.findLast((each) => each.state === "waiting");
    if (!job) return;
    running += 1;
    job.run().finally(() => {
      running -= 1;
      next();
    });
  }
}

function gone(error) {
  if (error.status === 404 || error.status === 410) return null;
  throw error;
}

class Job {
  constructor(file, chosen) {
    Object.assign(this, {
      file,
      options: chosen,
      state: "waiting",
      own: false, // it has begun an upload that is not complete, and that no other request continues
      stopped: new AbortController(),
    });
    this.what = h("span", { class: "what", role: "status" }, "Waiting");
    this.bar = h("progress", { max: 1, value: 0, "aria-label": `Progress of ${file.name}` });
    this.name = h("span", { class: "file" }, file.name);
    this.acts = h("span", { class: "acts" }, h("button", { onclick: () => this.drop() }, "Cancel"));
    this.element = h("li", {}, this.name, this.what, this.acts, this.bar);
  }

  say(...text) {
    fill(this.what, ...text);
  }

  async run() {
    this.state = "sending";
    try {
      const known = this.options.force ? null : await this.known();
      this.stopped.signal.throwIfAborted();
      if (known) {
        this.ask(known);
        return;
      }
      this.own = true;
      const id = await send(this.file, this.options, (sent) => this.sent(sent), this.stopped.signal);
      this.state = "analysing";
      this.own = false;
      submitted();
      await this.follow(id);
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      this.state = "failed";
      if (error.code === "taken_over") this.own = false;
      this.bar.hidden = true;
      this.say(stateOf("failed"), ` ${error.message}`);
      this.act(
        h("button", { onclick: () => this.retry() }, "Try again"),
        h("button", { onclick: () => this.drop() }, "Remove"),
      );
    }
  }

  // A recording of the same sound; null where there is none, or it cannot be known.
  async known() {
    this.say("Checking whether it is known");
    const hash = await digest(this.file);
    if (!hash) return null;
    const { recordings } = await api(`/recordings?${new URLSearchParams({ sha256: hash, limit: 1 })}`, {
      signal: this.stopped.signal,
    }).catch((error) => {
      if (error.status === 422) return { recordings: [] }; // a server that cannot look for it
      throw error;
    });
    return recordings[0] ?? null;
  }

  // Known already: leave it, or analyse it once more under another id. Others are sent while it asks.
  ask(known) {
    this.state = "asking";
    this.bar.hidden = true;
    this.say(
      "Known already, nothing was sent: ",
      h("a", { href: `#/recordings/${known.id}` }, known.file_name),
    );
    const force = () => {
      this.options = { ...this.options, force: "true" };
      this.retry();
    };
    this.act(
      h("button", { onclick: force }, "Upload all the same"),
      h("button", { onclick: () => this.drop() }, "Remove"),
    );
  }

  running() {
    this.act(h("button", { onclick: () => this.drop() }, "Cancel"));
  }

  sent(count) {
    set(this.bar, { value: this.file.size ? count / this.file.size : 1 });
    this.say(
      `Sending: ${bytes(count)} of ${bytes(this.file.size)}, ${percent(this.file.size ? count / this.file.size : 1)}`,
    );
  }

  // From events: each says that something of it is new, and only then it is asked for.
  async follow(id) {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.stopped.signal]);
    const ids = new Set([id]); // and that of the same sound, sent before
    const failed = trouble("The recording", () => look(), signal);
    this.act(h("button", { onclick: () => this.drop() }, "Remove"));
    fill(this.name, h("a", { href: `#/recordings/${id}` }, this.file.name));
    let known = false;
    const look = paced(
      () =>
        failed.attempt(async () => {
          const found = await api(`/recordings/${id}`, { signal }).catch(gone);
          known = true;
          if (found && isOpen(found.state)) {
            ids.add(found.id);
            this.analysing(found);
            return;
          }
          ended.abort();
          this.over(found);
        }),
      EVERY_MS,
      signal,
    );
    listen((type, data) => {
      if (type === "gap" || !known || ids.has(data.recording_id)) look();
    }, signal);
    const listed = ({ detail }) => {
      if (ids.has(detail.id) && detail.state !== this.stage) look();
    };
    document.addEventListener("earshot-listed", listed, { signal });
    this.element.append(failed.element);
    await look();
  }

  analysing({ id, state, progress: { chunks_merged: done, chunks_total: total } }) {
    if (this.stage !== state) submitted(); // the list shows the same state
    this.stage = state;
    this.link(id);
    this.bar.value = total ? done / total : 0;
    this.say(stateOf(state), done ? ` ${done} of ${total} parts` : "");
  }

  // `found`: the recording; null where it was deleted.
  over(found) {
    this.state = "done";
    this.bar.hidden = true;
    if (found) {
      this.link(found.id);
      this.say(stateOf(found.state), found.error_detail ? ` ${found.error_detail}` : "");
    } else {
      fill(this.name, this.file.name);
      this.say("Deleted: the recording is not there any more.");
    }
  }

  link(id) {
    const link = this.name.querySelector("a");
    if (link) link.href = `#/recordings/${id}`;
  }

  act(...buttons) {
    keepFocus(this.acts, () => fill(this.acts, ...buttons));
  }

  retry() {
    this.state = "waiting";
    this.bar.hidden = false;
    this.say("Waiting");
    this.running();
    next();
  }

  drop() {
    this.state = "gone";
    this.stopped.abort(new DOMException("dropped", "AbortError"));
    all.splice(all.indexOf(this), 1);
    changed();
    if (this.own) forsake(this.file, this.options);
  }
}
