#!/usr/bin/env bash
# praatio 6.2.2 cannot read a TextGrid in which a label, in its quotes, holds the words of a header such as "intervals [2]:".
#
# Input: a TextGrid of one tier with one interval, in Praat's long format, whose label is speech about such a file.
# Expected: the label, since what is in quotes is text; only numbers, quoted texts and <flags> have a meaning in the format.
# Seen: ParsingError: Expected field in Textgrid missing. Without the bracket and colon the label is read.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet praatio==6.2.2 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

from praatio import textgrid

GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "speaker"
        xmin = 0
        xmax = 2
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 2
            text = "{}"
"""


def read(label):
    path = f"{sys.argv[1]}/a.TextGrid"
    with open(path, "w") as file:
        file.write(GRID.format(label))
    try:
        grid = textgrid.openTextgrid(path, includeEmptyIntervals=True)
        return grid.getTier("speaker").entries[0].label
    except Exception as error:
        return f"{type(error).__name__}: {error}"


plain, header = read("look at interval 2, the second"), read("look at intervals [2]: the second")
print(plain, "|", header)
as_seen = plain == "look at interval 2, the second" and header == "ParsingError: Expected field in Textgrid missing."
raise SystemExit(0 if as_seen else 1)
PYTHON
