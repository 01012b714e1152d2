// Uploads of this page: two at a time, each from its bytes to its report. They go on in every view.

import { api } from "../api.js";
import { fill, h, set } from "../dom.js";
import { listen } from "../events.js";
import { bytes, isOpen, percent } from "../format.js";
import { stateOf } from "../list/rows.js";
import { digest } from "./hash.js";
import { options } from "./options.js";
import { send } from "./send.js";

const AT_ONCE = 2;
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

class Job {
  constructor(file, chosen) {
    Object.assign(this, {
      file,
      options: chosen,
      state: "waiting",
      stopped: new AbortController(),
      unlisten: () => {},
    });
    this.what = h("span", { class: "what", role: "status" }, "Waiting");
    this.bar = h("progress", { max: 1, value: 0, "aria-label": `Progress of ${file.name}` });
    this.name = h("span", { class: "file" }, file.name);
    this.acts = h("span", { class: "acts" }, h("button", { onclick: () => this.cancel() }, "Cancel"));
    this.element = h("li", {}, this.name, this.what, this.acts, this.bar);
  }

  say(...text) {
    fill(this.what, ...text);
  }

  async run() {
    this.state = "sending";
    try {
      this.say("Checking whether it is known");
      const hash = await digest(this.file);
      const known = hash && (await this.known(hash));
      if (known && !(await this.asked(known))) return this.drop();
      const id = await send(
        this.file,
        { ...this.options, ...(known && { force: "true" }) },
        (sent) => this.sent(sent),
        this.stopped.signal,
      );
      this.state = "analysing";
      submitted();
      await this.follow(id);
    } catch (error) {
      if (this.stopped.signal.aborted) return undefined;
      this.state = "failed";
      this.bar.hidden = true;
      this.say(stateOf("failed"), ` ${error.message}`);
      fill(
        this.acts,
        h("button", { onclick: () => this.retry() }, "Try again"),
        h("button", { onclick: () => this.drop() }, "Remove"),
      );
    }
    return undefined;
  }

  async known(hash) {
    const { recordings } = await api(`/recordings?${new URLSearchParams({ sha256: hash, limit: 1 })}`, {
      signal: this.stopped.signal,
    }).catch((error) => {
      if (error.status === 422) return { recordings: [] }; // a server that cannot look for it
      throw error;
    });
    return recordings[0] ?? null;
  }

  // Known already: leave it, or analyse it once more under another id.
  asked(known) {
    this.bar.hidden = true;
    this.say(
      "Known already, nothing was sent: ",
      h("a", { href: `#/recordings/${known.id}` }, known.file_name),
    );
    return new Promise((resolve) => {
      const answer = (value) => {
        this.bar.hidden = false;
        this.running();
        resolve(value);
      };
      fill(
        this.acts,
        h("button", { onclick: () => answer(true) }, "Upload all the same"),
        h("button", { onclick: () => answer(false) }, "Remove"),
      );
    });
  }

  running() {
    fill(this.acts, h("button", { onclick: () => this.cancel() }, "Cancel"));
  }

  sent(count) {
    set(this.bar, { value: this.file.size ? count / this.file.size : 1 });
    this.say(
      `Sending: ${bytes(count)} of ${bytes(this.file.size)}, ${percent(this.file.size ? count / this.file.size : 1)}`,
    );
  }

  // From events: each says that something of it is new, and only then it is asked for.
  async follow(id) {
    fill(this.acts, h("button", { onclick: () => this.drop() }, "Remove"));
    fill(this.name, h("a", { href: `#/recordings/${id}` }, this.file.name));
    let busy = false;
    let again = false;
    const look = async () => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      const found = await api(`/recordings/${id}`);
      fill(this.name, h("a", { href: `#/recordings/${found.id}` }, this.file.name));
      const { chunks_merged: done, chunks_total: total } = found.progress;
      if (isOpen(found.state)) {
        this.bar.value = total ? done / total : 0;
        this.say(stateOf(found.state), total ? ` ${done} of ${total} parts` : "");
        setTimeout(() => {
          busy = false;
          if (again) {
            again = false;
            look();
          }
        }, 700);
        return;
      }
      this.state = "done";
      this.unlisten();
      this.bar.hidden = true;
      this.say(stateOf(found.state), found.error_detail ? ` ${found.error_detail}` : "");
    };
    this.unlisten = listen((type, data) => {
      if (type === "gap" || data.recording_id === id || type.startsWith("recording.")) look();
    });
    await look();
  }

  retry() {
    this.state = "waiting";
    this.bar.hidden = false;
    this.running();
    next();
  }

  cancel() {
    this.stopped.abort(new DOMException("cancelled", "AbortError"));
    this.drop();
  }

  drop() {
    this.state = "gone";
    this.unlisten();
    all.splice(all.indexOf(this), 1);
    changed();
  }
}
