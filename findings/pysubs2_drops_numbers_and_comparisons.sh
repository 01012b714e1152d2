#!/usr/bin/env bash
# pysubs2 1.8.1 reads less than stands in SubRip: the last line of a file where it is a number, and what lies between < and >.
#
# Input: SubRip as subtitle editors write it: a cue whose second line is a number, as the last one and with a cue behind it;
# and a cue with "if a < b and c > d", which has no tag that SubRip knows (b, i, u, s, font).
# Expected: the text of the cues, whatever comes behind them; the comparison as it is written.
# Seen: "The order number is" where the cue is the last, with the 4711 where another one follows: a number before the end
# of the file is taken for the counter of a cue that does not come. The comparison becomes "if a  d".
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pysubs2==1.8.1 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import pysubs2


def texts(srt):
    return [event.text for event in pysubs2.SSAFile.from_string(srt, format_="srt")]


order = "1\n00:00:00,000 --> 00:00:02,000\nThe order number is\n4711\n"
last = texts(order)
followed = texts(f"{order}\n2\n00:00:03,000 --> 00:00:04,000\nThank you.\n")
compared = texts("1\n00:00:00,000 --> 00:00:02,000\nif a < b and c > d\n")
print(last, followed, compared)
as_seen = last == ["The order number is"] and followed[0] == r"The order number is\N4711" and compared == ["if a  d"]
raise SystemExit(0 if as_seen else 1)
PYTHON
