#!/usr/bin/env bash
# pyannote.database 6.1.1 (pandas 3.1.1) drops a recording, and joins two speakers, whose names in RTTM mean "missing" to pandas.
#
# Input: RTTM as md-eval reads it, one token a name: recordings `call` and `null`, speakers `NA` (Namibia), `nan` (a
# grandmother) and `BR` (Brazil) in `call`, a second of each.
# Expected: names as they stand in the file: 2 recordings; in `call` 3 speakers.
# Seen: 1 recording, without an error; in `call` 2 labels: BR, and the number NaN for both others, whose 2 s are of one voice.
# An error rate over the recordings of that file leaves `null` out.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyannote.database==6.1.1 pyannote.core==6.1.0 pandas==3.1.1 2>/dev/null
cat >"$folder/reference.rttm" <<'RTTM'
SPEAKER call 1 0.000 1.000 <NA> <NA> NA <NA> <NA>
SPEAKER call 1 1.000 1.000 <NA> <NA> nan <NA> <NA>
SPEAKER call 1 2.000 1.000 <NA> <NA> BR <NA> <NA>
SPEAKER null 1 0.000 9.000 <NA> <NA> speaker <NA> <NA>
RTTM
"$folder/venv/bin/python" - "$folder/reference.rttm" <<'PYTHON'
import sys

from pyannote.database.util import load_rttm

found = load_rttm(sys.argv[1])
speakers = [label for _, _, label in found["call"].itertracks(yield_label=True)]
print("recordings", list(found), "speakers", speakers, "seconds", found["call"].chart())
as_seen = list(found) == ["call"] and speakers[2] == "BR" and all(label != label for label in speakers[:2])
raise SystemExit(0 if as_seen and len(found["call"].labels()) == 2 else 1)
PYTHON
