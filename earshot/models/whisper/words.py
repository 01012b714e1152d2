"""Word times of a Whisper decoder: its cross-attention, warped onto the sound (dynamic time
warping), over one pass of the whole text.

The rule is Whisper's own (openai/whisper ``timing.py``) as transformers has it: rows of the
alignment heads, normalised over the text, smoothed over time, averaged. It is done here once for
each row at its own length, because transformers' way during ``generate`` keeps the attention of
every step of every row in memory, and lets the times of a row depend on the longest one of its
batch.
"""

from collections.abc import Callable, Sequence
from typing import Any

from earshot.models.asr.recogniser import Recognised
from earshot.models.asr.token_words import at_spaces
from earshot.models.whisper.time_warping import warp

TOKEN_SEC = 0.02
"""Sound behind one frame of the encoder."""


def token_times(attention: Any, frames: int, median: int) -> list[float]:
    """Start of every token, seconds.

    Args:
        attention: of the alignment heads, shape (heads, tokens, encoder frames); one row a text
            token.
        frames: encoder frames that hold sound; the rest is padding.
        median: width of the smoothing filter (``median_filter_width`` of the config).
    """
    import torch
    from transformers.models.whisper.generation_whisper import _median_filter

    weights = attention[..., :frames].float()
    spread, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    # One token alone has no spread: all of the sound is as likely.
    matrix = _median_filter(
        (weights - mean) / spread.clamp_min(torch.finfo(spread.dtype).tiny), median
    ).mean(dim=0)
    return [frame * TOKEN_SEC for frame in warp(-matrix.double().cpu().numpy()).tolist()]


def words_of(
    tokens: Sequence[int],
    times: Sequence[float],
    shares: Sequence[float],
    end_sec: float,
    decode: Callable[[list[int]], str],
    spaced: bool = True,
) -> tuple[Recognised, ...]:
    """Tokens grouped to words; a word ends where the next one starts, the last one at ``end_sec``.

    Args:
        times: start of every token, seconds.
        shares: probability of every token.
        end_sec: length of the sound.
        decode: tokens to text, spaces kept.
        spaced: words of the language stand apart; else every character counts as one.
    """
    groups = at_spaces(tokens, decode) if spaced else _at_characters(tokens, decode)
    starts = [*(min(end_sec, times[group[0]]) for group in groups), end_sec]
    found = []
    for number, group in enumerate(groups):
        text = decode([tokens[index] for index in group]).strip()
        if text:
            start, end = round(starts[number] * 1000), round(starts[number + 1] * 1000)
            found.append(
                Recognised(text, start, end, sum(shares[index] for index in group) / len(group))
            )
    return tuple(found)


def _at_characters(tokens: Sequence[int], decode: Callable[[list[int]], str]) -> list[list[int]]:
    """Indices of the tokens of each run of whole characters: a token may hold a part of one."""
    groups: list[list[int]] = []
    whole = True
    for index in range(len(tokens)):
        if whole:
            groups.append([])
        groups[-1].append(index)
        whole = "\N{REPLACEMENT CHARACTER}" not in decode([tokens[each] for each in groups[-1]])
    return groups
