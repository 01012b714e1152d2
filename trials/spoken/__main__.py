"""``python -m trials.spoken``: personal data is spoken by synthetic voices, in calls that are taken
in with redaction; prints what is left of each value in sound and words.

English needs flite (Debian), French SVOX Pico (Debian, ``non-free``: libttspico-utils). French is
transcribed where a recogniser of French is routed (``EARSHOT_ASR_ROUTES``), else erased as a whole.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from cli.terminal import endings
from earshot.pools import STAGES
from tests.integration.gateway.clients import client_of
from tests.servers import servers
from trials.spoken.calls import Call, calls
from trials.spoken.judged import Of, judge
from trials.spoken.voices import VOICES

RECALL = 0.98
KEPT = ("EARSHOT_ASR", "EARSHOT_MODELS", "EARSHOT_REDACT_ASR")
"""Settings of this process that the stack has as well."""


CALL_SEC = 1_800.0
"""Until a call is finished, also on a machine that has other work."""


def main() -> int:
    """Prints figures; exit status 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m trials.spoken", description=__doc__)
    parser.add_argument("--voices", choices=VOICES, default="en")
    parser.add_argument("--number", type=int, default=150, help="of values")
    parser.add_argument("--seed", type=int, default=20261201)
    parser.add_argument("--shown", type=int, default=20, help="values that are left, printed")
    asked = parser.parse_args()
    endings.listen()
    language = asked.voices[:2]
    made = list(calls(language, asked.number, asked.seed, VOICES[asked.voices]))
    found = taken_in(made)
    return report(found, asked.shown)


def taken_in(made: Sequence[Call]) -> list[Of]:
    """Takes each call in on a stack of its own, and compares what is stored of it."""
    settings = {key: value for key, value in os.environ.items() if key.startswith(KEPT)}
    with servers() as stack, ExitStack() as running:
        stack.settings |= {key.removeprefix("EARSHOT_"): value for key, value in settings.items()}
        running.enter_context(stack.workers("core", *STAGES))
        running.enter_context(stack.workers("analyses", "asr", "redaction"))
        client = running.enter_context(client_of(stack, running.enter_context(stack.gateway())))
        found = []
        for number, call in enumerate(made):
            path = call.write(stack.home / f"{number}.wav")
            fields = {"analyses": "asr", "redact": "true", "language": call.language}
            sent = client.post(
                "/recordings", files={"file": (path.name, path.read_bytes())}, data=fields
            )
            sent.raise_for_status()
            identity = sent.json()["id"]
            state = stack.wait_finished(identity, CALL_SEC)
            body = client.get(f"/recordings/{identity}/report").json()
            sound = client.get(f"/sessions/{identity}/audio")
            if state != "complete":
                raise RuntimeError(f"call {number}: {state}: {body.get('missing')}")
            sound.raise_for_status()
            audio: NDArray[np.int16] = np.frombuffer(sound.content[44:], "<i2")
            found.append(judge(call, body, audio))
            values = found[-1].values
            print(
                f"{number + 1}/{len(made)} {state}: {sum(each.found for each in values)} of"
                f" {len(values)}",
                file=sys.stderr,
                flush=True,
            )
        return found


def report(found: Sequence[Of], shown: int) -> int:
    """Prints a table by kind; 1 if fewer values were found than the bar asks for."""
    values = [each for one in found for each in one.values]
    whole, right = (Counter(each.value.kind for each in part) for part in (
        values, [each for each in values if each.found]
    ))  # fmt: skip
    begins = sorted(each.begins_ms for each in values if each.begins_ms is not None)
    ends = sorted(each.ends_ms for each in values if each.ends_ms is not None)
    stretches, wrong = sum(one.stretches for one in found), [w for one in found for w in one.wrong]
    for each in [each for each in values if not each.found][:shown]:
        print(f"  {each.value.kind}: {each.value.text!r}: {each.left_ms} ms left, {each.words!r}")
    recall = sum(right.values()) / len(values)
    silent_ms = sum(one.silent_ms for one in found)
    beyond_ms = sum(one.beyond_ms for one in found)
    print(
        json.dumps(
            {
                "values": len(values),
                "silent_throughout": round(recall, 3),
                "by_kind": {kind: f"{right[kind]}/{n}" for kind, n in sorted(whole.items())},
                "words_left": sum(bool(each.words) for each in values),
                "stretches": stretches,
                "stretches_without_a_value": dict(
                    Counter(each.partition(" ")[0] for each in wrong)
                ),
                "silent_s": round(silent_ms / 1000, 1),
                "of_it_outside_of_values": round(beyond_ms / max(1, silent_ms), 3),
                "begins_ms": _quartiles(begins),
                "ends_ms": _quartiles(ends),
            },
            indent=1,
        )
    )
    return int(recall < RECALL)


def _quartiles(values: Sequence[int]) -> list[int]:
    """5 %, 25 %, 50 %, 75 %, 95 %."""
    return [round(float(each)) for each in np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])]


if __name__ == "__main__":
    sys.exit(main())
