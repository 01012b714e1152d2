#!/usr/bin/env bash
# webvtt-py 0.6.0 and pysubs2 1.8.1 hand over WebVTT's character references as they are written; writing is not the inverse of reading.
#
# Input: a cue whose voice is R&D and whose text is "3 < 4 & 5". The standard wants & and < of a cue's text, and & and > of a
# voice, written as references (&amp; &lt; &gt;), and readers to decode them.
# Expected: the text and the voice as they were spoken.
# Seen: webvtt-py: text "3 &lt; 4 &amp; 5", voice "R&amp;D"; pysubs2: the same text, no voice. Shown or searched as plain text
# they have the references in them, and a caption with a plain "3 < 4", set in Python, is written as it is, which is no
# valid cue.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet webvtt-py==0.6.0 pysubs2==1.8.1 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import pysubs2
import webvtt

CUE = "WEBVTT\n\n00:00.000 --> 00:02.000\n<v R&amp;D>3 &lt; 4 &amp; 5\n"
caption = webvtt.from_string(CUE).captions[0]
(event,) = pysubs2.SSAFile.from_string(CUE, format_="vtt")
written = webvtt.WebVTT(captions=[webvtt.Caption("00:00.000", "00:02.000", "3 < 4")]).content
print(repr(caption.text), repr(caption.voice), repr(event.text), repr(event.name), repr(written))
as_seen = (caption.text, caption.voice) == ("3 &lt; 4 &amp; 5", "R&amp;D")
as_seen &= (event.text, event.name) == ("3 &lt; 4 &amp; 5", "") and "3 < 4" in written
raise SystemExit(0 if as_seen else 1)
PYTHON
