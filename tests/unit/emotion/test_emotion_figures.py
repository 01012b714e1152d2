"""Figures of emotion where answers abstain, and where rows have ratings or natural speech."""

from earshot.analysis.report.sections import EmotionSummary
from earshot.analysis.types import Release
from evaluation.choice import Chosen
from evaluation.figures.classified import measure
from evaluation.figures.tally import Case, Tally
from evaluation.label_map import NATURAL, LabelMap
from evaluation.manifest import Row

RELEASE = Release(analysis="emotion", name="x", runtime="onnx", uri="x", sha256="")
PLAIN = LabelMap({}, {})


def answer(label: str, share: float, *, abstained: bool = False, valence: float = 0.0):  # type: ignore[no-untyped-def]
    other = "happy" if label == "neutral" else "neutral"
    return EmotionSummary(
        label="unclear" if abstained else label,
        label_native=label,
        confidence=share,
        scores={label: share, other: round(1 - share, 4)},
        abstained=abstained,
        valence=valence,
    )


def tally(*cases: Case) -> Tally:
    return Tally(RELEASE, ("b/x",), Chosen(), list(cases))


def row(path: str, **values: float) -> Row:
    return Row(path=path, **values)  # type: ignore[arg-type]


def test_figures_are_over_what_was_answered_and_coverage_says_how_much() -> None:
    found = measure(
        tally(
            Case(row("a/x/1"), "happy", answer("happy", 0.9)),
            Case(row("a/x/2"), "neutral", answer("neutral", 0.8)),
            Case(row("a/x/3"), "neutral", answer("happy", 0.5, abstained=True)),
        ),
        PLAIN,
    )
    assert (found.n, found.accuracy, found.coverage) == (2, 1.0, 0.6667)
    assert "unclear" not in found.labels


def test_ratings_of_all_sets_count_also_without_a_label() -> None:
    cases = [
        Case(row(f"{source}/x/{i}", valence=0.1 * i), truth, answer("happy", 0.9, valence=0.1 * i))
        for source, truth in (("a", "happy"), ("b", "happy"), ("c", None))
        for i in range(3)
    ]
    found = measure(tally(*cases), PLAIN)
    assert found.concordance is not None
    assert found.concordance["valence"].n == 9
    assert found.concordance["valence"].ccc == 1.0


def test_natural_speech_is_counted_turn_by_turn_and_set_by_set() -> None:
    found = measure(
        tally(
            Case(row("a/x/1"), NATURAL, (answer("neutral", 0.9), answer("happy", 0.6))),
            Case(
                row("b/x/1"), NATURAL, (answer("happy", 0.4), answer("happy", 0.3, abstained=True))
            ),
        ),
        PLAIN,
    )
    assert found.natural is not None
    assert (found.n, found.natural.n, found.natural.recordings) == (0, 4, 2)
    assert (found.natural.called, found.natural.confident) == (0.5, 0.25)
    assert found.natural.unclear == 0.25
    assert found.natural.by_confidence == {"0.4": (1, 1), "0.6": (1, 1), "0.9": (0, 1)}
    assert found.natural_per_source["b/x"].trained_on is True
