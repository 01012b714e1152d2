"""Maps BCP 47 languages to Whisper's language tokens."""

from earshot.analysis.words.languages import UNDETERMINED

CODES = frozenset((
    "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it",
    "id", "hi", "fi", "vi", "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no", "th", "ur",
    "hr", "bg", "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv", "bn", "sr", "az", "sl", "kn",
    "et", "mk", "br", "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw", "gl", "mr", "pa", "si",
    "km", "sn", "yo", "so", "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi", "lo", "uz", "fo",
    "ht", "ps", "tk", "nn", "mt", "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln", "ha",
    "ba", "jw", "su", "yue",
))  # fmt: skip
"""All languages that any Whisper has a token for (openai/whisper ``tokenizer.py``; Cantonese since
large-v3)."""
OWN_CODES = {
    **dict.fromkeys(
        ("ary", "arz", "arb", "apc", "arq", "aeb", "acm", "afb", "ajp"), "ar"
    ),  # spoken Arabics, Darija first
    "cmn": "zh",
    "fil": "tl",
    "jv": "jw",
    "nb": "no",
}
"""Where Whisper's code is another one than the language's own, or that of a wider language it was
trained on."""


def token_code(language: str) -> str:
    """What stands between ``<|`` and ``|>``, whether or not a checkpoint has that token."""
    return OWN_CODES.get(language, language)


def speaks(language: str, known: frozenset[str]) -> bool:
    """True if a checkpoint with these codes supports a language; Whisper can also detect it."""
    return language == UNDETERMINED or token_code(language) in known


UNSPACED = frozenset(("zh", "ja", "th", "lo", "my", "yue"))
"""Codes of languages that put no spaces between words, as Whisper has them."""
