// Corrections of a recording: sent one after another, each for the version that was seen, kept here until they are stored.

import { Problem, api } from "../api.js";
import { uuid } from "../dom.js";

const RETRY_MS = 2000;

export class Store {
  /** `changed()` after the report changed; `conflict({body, current, keep, drop})` where another person was quicker. */
  constructor(id, changed, conflict) {
    Object.assign(this, {
      id,
      changed,
      conflict,
      report: null,
      etag: null,
      line: Promise.resolve(),
      undone: [],
    });
  }

  async load(signal) {
    const { body, etag } = await api(`/recordings/${this.id}/report`, { signal, whole: true });
    this.report = body;
    this.etag = etag;
    return body;
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
   * that it names the turn as it is then. `base`: the value that the person began from.
   */
  make(body, base = null) {
    return this.next(async () => {
      this.undone = [];
      const wanted = { id: uuid(), ...body() };
      const now = shown(this.report, wanted);
      if (base && now && !same(now, base)) return this.ask(wanted, { value: now, correction: null });
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
    const send = () =>
      api(`/recordings/${this.id}/corrections`, {
        method: "POST",
        json: wanted,
        headers: { "If-Match": this.etag },
        again: true,
        whole: true,
      });
    const { etag } = await settled(send);
    this.etag = etag ?? this.etag;
    await this.load();
    this.changed();
  }

  nearest(turn) {
    const here = this.report.turns.filter((each) => each.channel === turn.channel);
    const overlap = (each) => Math.min(each.end_ms, turn.end_ms) - Math.max(each.start_ms, turn.start_ms);
    const found = here.sort((a, b) => overlap(b) - overlap(a))[0];
    return found ? this.target(found.id) : turn;
  }

  undo(id = null) {
    return this.next(async () => {
      const wanted =
        id ??
        (await this.list()).findLast((each) => each.state === "applied" || each.state === "conflict")?.id;
      if (!wanted) return;
      await this.change(`corrections/${wanted}`, { method: "DELETE" });
      this.undone.push(wanted);
    });
  }

  redo(id = null) {
    return this.next(async () => {
      const wanted = id ?? this.undone.pop();
      if (wanted) await this.change(`corrections/${wanted}/redo`, { method: "POST", json: {} });
    });
  }

  /** Takes back all corrections of a turn, or of the recording: the model's answers are shown again. */
  revert(turn = null) {
    return this.next(() =>
      this.change("corrections/revert", { method: "POST", json: turn ? { turn: this.target(turn) } : {} }),
    );
  }

  async change(path, request) {
    const send = () =>
      settled(() =>
        api(`/recordings/${this.id}/${path}`, {
          ...request,
          headers: { "If-Match": this.etag },
          whole: true,
          again: true,
        }),
      );
    let answer;
    try {
      answer = await send();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      await this.load(); // another change came between: what is undone is named by its id all the same
      answer = await send();
    }
    this.etag = answer.etag ?? this.etag;
    await this.load();
    this.changed();
  }

  /** All corrections, oldest first. */
  async list() {
    const found = [];
    for (let cursor = null; ;) {
      const page = await api(
        `/recordings/${this.id}/corrections?${new URLSearchParams({ limit: 200, ...(cursor && { cursor }) })}`,
      );
      found.push(...page.corrections);
      cursor = page.next_cursor;
      if (!cursor) return found;
    }
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
      if (!(error instanceof Problem) || error.code !== "not_finished") throw error;
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
      return turn && turn.emotion && { label: turn.emotion.label };
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
