#!/usr/bin/env bash
# eSpeak NG 1.52 (espeakng-loader 0.2.4) lists 151 tags of languages for its voices; espeak_SetVoiceByName refuses 12 of them and keeps
# the voice before, and espeak_SetVoiceByProperties takes all but one.
#
# Input: every tag that espeak_ListVoices gives, as the name of a voice, after "de" was chosen.
# Expected: the tags that the library lists are names that it takes, as the command line's -v does.
# Seen: a name is a file ("gmw/en-US", its last part "en-us" too) or the title of a voice, so a tag is taken only where a file is called so.
#   refused: chr-US-Qaaa-x-west en-gb es-mx fr-fr hbs hy-arevela hy-arevmda no pt-pt zh zh-cmn zh-yue
#   refused as languages too: chr-US-Qaaa-x-west
#   "en-gb" is the first tag of English: "en-us" and "en-gb-x-rp" are taken, and after "en-gb" the voice is still the German one.
# A program that ignores the returned status speaks German text in English, or the reverse, without an error.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet espeakng-loader==0.2.4 2>/dev/null
"$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
import ctypes
import sys
from pathlib import Path

import espeakng_loader


class Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("languages", ctypes.c_void_p), ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte), ("age", ctypes.c_ubyte), ("variant", ctypes.c_ubyte), ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int), ("spare", ctypes.c_void_p),
    ]


library = ctypes.CDLL(espeakng_loader.get_library_path())
library.espeak_Initialize(2, 0, str(Path(espeakng_loader.get_data_path()).parent).encode(), 0)
library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(Voice))
library.espeak_GetCurrentVoice.restype = ctypes.POINTER(Voice)


def tags(voice):
    place = voice.languages
    while ctypes.c_ubyte.from_address(place).value:  # priority, tag, zero
        tag = ctypes.string_at(place + 1)
        yield tag
        place += len(tag) + 2


listed, at, voices = set(), 0, library.espeak_ListVoices(None)
while voices[at]:
    listed.update(tags(voices[at].contents))
    at += 1
refused, by_language = [], []
for tag in sorted(listed):
    assert library.espeak_SetVoiceByName(b"de") == 0
    if library.espeak_SetVoiceByName(tag):
        refused.append(tag.decode())
        assert library.espeak_GetCurrentVoice().contents.identifier == b"gmw/de"
    if library.espeak_SetVoiceByProperties(ctypes.byref(Voice(languages=ctypes.cast(tag, ctypes.c_void_p)))):
        by_language.append(tag.decode())
print(len(listed), "tags; refused as names:", *refused)
print("refused as languages:", *by_language)
as_seen = refused == (
    "chr-US-Qaaa-x-west en-gb es-mx fr-fr hbs hy-arevela hy-arevmda no pt-pt zh zh-cmn zh-yue".split()
)
sys.exit(0 if as_seen and len(listed) == 151 and by_language == ["chr-US-Qaaa-x-west"] else 1)
PYTHON
