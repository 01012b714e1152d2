"""Number of speakers, on the command line and in requests."""

import pytest
from pydantic import ValidationError

from cli.again import choice
from cli.ingest import speaker_count
from earshot.analysis.errors import Misconfigured
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import SpeakerCount


@pytest.mark.parametrize(
    ("said", "fewest", "most"),
    [("2", 2, 2), ("2-4", 2, 4), ("2-", 2, None), ("-4", None, 4), (" 1 - 1 ", 1, 1)],
)
def test_a_number_or_a_range(said: str, fewest: int | None, most: int | None) -> None:
    assert speaker_count(said) == SpeakerCount(min=fewest, max=most)


@pytest.mark.parametrize("said", ["0", "two", "4-2", "2-4-6", "99", "1.5", "-"])
def test_what_is_no_number_of_people_is_refused_in_one_line(said: str) -> None:
    with pytest.raises(
        Misconfigured, match=f"--speakers {said}: .*; use 2 for exactly two, or 2-4"
    ) as refused:
        speaker_count(said)
    assert len(str(refused.value).splitlines()) == 1


def test_another_service_says_it_in_its_request() -> None:
    request = IngestRequest.model_validate({"uri": "file:///calls/7.wav", "speakers": {"min": 2}})
    assert request.speakers == SpeakerCount(min=2)
    with pytest.raises(ValidationError):
        IngestRequest.model_validate(
            {"uri": "file:///calls/7.wav", "speakers": {"min": 3, "max": 2}}
        )


def test_who_says_it_afterwards_wants_voices_told_apart_again() -> None:
    found = choice(["noise"], "3", missing=False, failed=False, stale=False)
    assert (found.analyses, found.speakers) == (
        ("noise", "diarization"),
        SpeakerCount(min=3, max=3),
    )
