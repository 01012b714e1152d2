"""What the encoder gets."""

from earshot.audio.features.spectra import MelSpec

SPEC = MelSpec(
    n_fft=400, window=400, hop=160, n_mels=80, fmin=0.0, fmax=8000.0, offset=1e-12,
    scale="librosa", power=2, centre=True,
)  # fmt: skip
"""As openai/whisper ``audio.py`` computes it up to the bands; the encoder has the rest."""
