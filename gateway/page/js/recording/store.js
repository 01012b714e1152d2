// Corrections of a recording: sent one after another, each for the version that was seen, kept here until they are stored.

import { Problem, api } from "../api.js";
import { uuid } from "../dom.js";
import { mostOf } from "./spans.js";

const RETRY_MS = 2000;

export class Store {
  /**
   * `changed()` after the report changed; `conflict({wanted, current, keep, drop})` where another person was quicker. Both end with
   * `signal`; what was sent is sent to its end.
   */
  constructor(id, changed, conflict, signal) {
    Object.assign(this, {
      id,
      changed: () => signal.aborted || changed(),
      conflict: (found) => (signal.aborted ? found.drop() : conflict(found)),
      signal,
      report: null,
      edition: null, // of the report
      etag: null, // of the last correction, too
      line: Promise.resolve(),
      made: [],
      undone: [],
    });
  }

  async load() {
    if (this.signal.aborted) return;
    const { body, etag } = await api(`/recordings/${this.id}/report`, { signal: this.signal, whole: true });
    Object.assign(this, { report: body, etag, edition: etag });
  }

  /** Loads the report if there is another edition of it; whether there was. */
  async update() {
    const path = `/recordings/${this.id}/corrections?limit=1`;
    const { etag } = await api(path, { signal: this.signal, whole: true });
    if (etag === this.etag) return false;
    await this.load();
    return true;
  }

  /** The round of analyses that the report is of. */
  get round() {
    return this.etag.slice(1).split(".")[0];
  }

  /** What names a turn in a correction: as the present report has it. */
  target(id) {
    const turn = this.report.turns.find((each) => each.id === id);
    return (
      turn && { channel: turn.channel, start_ms: turn.start_ms, end_ms: turn.end_ms, speaker: turn.speaker }
    );
  }

  /**
   * Makes a correction once those before it are stored; false if what is there was chosen in its place. `body`: a function, so
   * that it names the turn as it is then. `base`: another, of the value that the person began from.
   */
  make(body, base = () => null) {
    return this.next(async () => {
      this.undone = [];
      const wanted = { id: uuid(), ...body() };
      const now = shown(this.report, wanted);
      if (now && base() && !same(now, base())) return this.ask(wanted, { value: now, correction: null });
      return this.send(wanted, this.report);
    });
  }

  async send(wanted, seen) {
    try {
      await this.put(wanted);
      return true;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      const { current } = error.body;
      this.etag = error.etag ?? `"${error.body.round}.${error.body.version}"`;
      if (current?.value && same(current.value, shown(seen, wanted))) {
        // something else changed
        await this.put(wanted);
        return true;
      }
      await this.load();
      this.changed();
      return this.ask(wanted, current);
    }
  }

  // Two values for one place: the person chooses.
  ask(wanted, current) {
    return new Promise((resolve) => {
      const keep = async () => {
        await this.load();
        await this.put({ ...wanted, id: uuid(), ...(wanted.turn && { turn: this.nearest(wanted.turn) }) });
        resolve(true);
      };
      this.conflict({ wanted, current, keep, drop: () => resolve(false) });
    });
  }

  async put(wanted) {
    this.group([await this.post(wanted)]);
    await this.load();
    this.changed();
  }

  // The id of the correction: that of the one before, where it is written on.
  async post(wanted) {
    const send = () =>
      api(`/recordings/${this.id}/corrections`, {
        method: "POST",
        json: wanted,
        headers: { "If-Match": this.etag },
        again: true,
        whole: true,
      });
    const { body, etag } = await settled(send);
    this.etag = etag ?? this.etag;
    return body.correction?.id ?? null;
  }

  // One step of undo; a correction is in one step only.
  group(ids) {
    const now = ids.filter(Boolean);
    const rest = this.made.map((each) => each.filter((id) => !now.includes(id)));
    this.made = [...rest, now].filter((each) => each.length);
  }

  /**
   * Corrects the texts of many turns in one step of undo: `texts(turns)` gives [{turn, text}] of a report, and is asked again where
   * something else was changed meanwhile. `done(count)` after each.
   */
  makeAll(texts, done) {
    return this.next(async () => {
      this.undone = [];
      const [ids, seen] = [[], new Set()];
      const nameOf = ({ channel, start_ms: start, end_ms: end, speaker }) =>
        `${channel} ${start} ${end} ${speaker}`;
      const rest = () => texts(this.report.turns).filter(({ turn }) => !seen.has(nameOf(turn)));
      try {
        for (let all = rest(); all.length;) {
          const { turn, text } = all.shift();
          try {
            ids.push(await this.post({ id: uuid(), kind: "text", turn: this.target(turn.id), text }));
            seen.add(nameOf(turn));
            done(seen.size);
          } catch (error) {
            if (!(error instanceof Problem) || error.status !== 412) throw error;
            await this.load();
            all = rest();
          }
        }
      } finally {
        this.group(ids);
        await this.load();
        this.changed();
      }
    });
  }

  nearest(turn) {
    const found = mostOf(this.report.turns, turn);
    if (!found) throw new Error("There is no turn at this place any more.");
    return this.target(found.id);
  }

  /** Undoes what was made last here, or the correction with this id. */
  undo(id = null) {
    return this.next(() =>
      this.step(this.made, this.undone, id, (each) => [`${each}`, { method: "DELETE" }]),
    );
  }

  /** Applies again what was undone last here, or the correction with this id. */
  redo(id = null) {
    return this.next(() =>
      this.step(this.undone, this.made, id, (each) => [`${each}/redo`, { method: "POST", json: {} }]),
    );
  }

  // The last group of corrections of one list is changed, the last one first, and goes to the other list.
  async step(from, to, id, request) {
    const ids = id === null ? from.at(-1) : [id];
    if (!ids) return;
    const done = [];
    try {
      for (const each of [...ids].reverse()) {
        await this.change(...request(each));
        done.push(each);
      }
    } finally {
      // What the server refused stays where it is.
      const rest = from.map((each) => each.filter((one) => !done.includes(one)));
      from.splice(0, Infinity, ...rest.filter((each) => each.length));
      if (done.length) to.push(done);
      await this.load();
      this.changed();
    }
  }

  /** How many corrections are not undone, and the edition of the report that has them. */
  async standing() {
    const { corrections, etag } = await this.listed();
    return { etag, count: corrections.filter((each) => each.state !== "undone").length };
  }

  /**
   * Takes back corrections: the model's answers are shown again. `which`: "all", or a function that names a turn as it is then, and
   * throws where it is not there. Nothing is taken back that was not in the edition `etag`.
   */
  revert(which, etag = null) {
    return this.next(async () => {
      const json = which === "all" ? {} : { turn: which() };
      try {
        const { body } = await this.request("revert", { method: "POST", json }, etag ?? this.etag);
        if (body.corrections.length) this.undone.push(body.corrections.map((each) => each.id).reverse());
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 412) throw error;
        throw new Error("Something else was changed meanwhile; it is shown now. Nothing was taken back.");
      } finally {
        await this.load();
        this.changed();
      }
    });
  }

  // Names its correction by an id, so another change that comes between does not matter.
  async change(path, request) {
    let answer;
    try {
      answer = await this.request(path, request, this.etag);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      await this.load();
      answer = await this.request(path, request, this.etag);
    }
    this.etag = answer.etag ?? this.etag;
  }

  request(path, request, etag) {
    return settled(() =>
      api(`/recordings/${this.id}/corrections/${path}`, {
        ...request,
        headers: { "If-Match": etag },
        whole: true,
        again: true,
      }),
    );
  }

  /** All corrections, oldest first. */
  async list() {
    return (await this.listed()).corrections;
  }

  /** All corrections, oldest first, and the edition that has them. */
  async listed() {
    let found = [];
    for (let [cursor, edition] = [null, null]; ;) {
      const query = new URLSearchParams({ limit: 200, ...(cursor && { cursor }) });
      const { body, etag } = await api(`/recordings/${this.id}/corrections?${query}`, { whole: true });
      if (cursor && etag !== edition) {
        // changed meanwhile
        [found, cursor] = [[], null];
        continue;
      }
      found.push(...body.corrections);
      [cursor, edition] = [body.next_cursor, etag];
      if (!cursor) return { corrections: found, etag };
    }
  }

  /** Shows the present edition, once what was asked for before is stored. */
  refresh() {
    return this.next(async () => {
      if (await this.update()) this.changed();
    });
  }

  next(work) {
    this.line = this.line.catch(() => {}).then(work); // who asked for the one before was answered already
    return this.line;
  }
}

// While a recording is being analysed again nothing can be corrected: what was typed waits for its end.
async function settled(send) {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "still_open") throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, RETRY_MS);
      });
    }
  }
}

// What the page showed of the target of a correction, in the shape of its value.
function shown(report, wanted) {
  const turn =
    wanted.turn &&
    report.turns.find(
      (each) =>
        each.channel === wanted.turn.channel &&
        each.start_ms === wanted.turn.start_ms &&
        each.end_ms === wanted.turn.end_ms,
    );
  switch (wanted.kind) {
    case "text":
      return turn && { text: turn.text };
    case "speaker":
      return turn && { speaker: turn.speaker };
    case "boundaries":
      return turn && { start_ms: turn.start_ms, end_ms: turn.end_ms };
    case "emotion":
    case "sentiment":
      return turn && turn[wanted.kind] && { label: turn[wanted.kind].label };
    case "rename":
      return { name: report.speakers.find((each) => each.id === wanted.speaker)?.name ?? null };
    case "roles":
      return { roles: report.recording.roles };
    default:
      return null;
  }
}

const same = (one, other) =>
  Boolean(other) &&
  Object.keys(other).every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
