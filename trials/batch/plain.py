"""The plain script of the comparison: faster-whisper and VADER, one file after the other, in one
process with all cores."""

import argparse
import json
import resource
import time


def main() -> None:
    """Prints wall and CPU seconds, the length of the sound and the number of words as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, help="folder of a CTranslate2 checkpoint")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("files", nargs="+")
    asked = parser.parse_args()
    from faster_whisper import WhisperModel
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    began = time.perf_counter()
    model = WhisperModel(asked.model, "cpu", compute_type="int8", cpu_threads=asked.threads)
    sentiment = SentimentIntensityAnalyzer()
    words, sound_sec = 0, 0.0
    for file in asked.files:
        segments, info = model.transcribe(file, language="en")
        sound_sec += info.duration
        for segment in segments:
            words += len(segment.text.split())
            sentiment.polarity_scores(segment.text)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "wall": time.perf_counter() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "sound": sound_sec,
        "words": words,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
