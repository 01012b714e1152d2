"""Whisper, through transformers and through CTranslate2."""
