"""``POST /v1/audio/transcriptions``: the options, answers and errors that clients of OpenAI's API
know."""
