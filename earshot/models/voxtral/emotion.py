"""The Voxtral runtime of emotion: scores each label as the answer to a question about an
utterance."""

from collections.abc import Sequence
from typing import Any

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import Samples, passes
from earshot.models.emotion.model import ByUtterance, Shares
from earshot.models.options import Options
from earshot.models.scoring import softmax
from earshot.models.voxtral.network import Voxtral, opened


class VoxtralEmotion(ByUtterance):
    """A network with the labels that its answers are compared for."""

    def __init__(self, network: Voxtral, labels: Sequence[str]) -> None:
        """Creates the model.

        Raises:
            Misconfigured: there are no labels, or two with the same answer.
        """
        self.network, self.labels = network, tuple(labels)
        contract, prompts = network.contract, network.prompts
        self._answers = [prompts.answer(contract.answer(label)) for label in labels]
        if not labels or len(set(map(tuple, self._answers))) < len(labels):
            raise Misconfigured(
                "labels",
                "emotion by transformers-voxtral needs labels in its catalog entry, each another"
                " word",
            )
        self._question = contract.asked(labels)

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        """The probability of generating exactly this label and then the end, over that of all
        labels together (ADR 0024)."""
        found: dict[int, Shares] = {}
        windows = [self.network.windows(len(samples)) for samples in utterances]
        for count in sorted(
            set(windows)
        ):  # rows of one count have prompts of one length, and no padding
            same = [index for index, own in enumerate(windows) if own == count]
            lengths = [len(utterances[index]) for index in same]
            full = passes(lengths, row_sec=count * self.network.window_sec)
            # On a CPU a second row gains nothing, and takes as much memory again.
            for rows in (
                full if self.network.device == "cuda" else [[row] for row in range(len(same))]
            ):
                logs = self.logs([utterances[same[row]] for row in rows])
                found.update(zip((same[row] for row in rows), softmax(logs), strict=True))
        return [found[index] for index in range(len(utterances))]

    def logs(self, utterances: Sequence[Samples]) -> Any:
        """Natural log of the probability of every label as the whole answer, shape (utterances,
        labels), in one pass.

        Args:
            utterances: that take as many windows each.
        """
        import torch

        network, prompts = self.network, self.network.prompts
        encoded = network.encoded(utterances)
        embedded, _ = network.embedded(
            [prompts.question(len(sound), self._question) for sound in encoded], encoded
        )
        with torch.inference_mode():
            asked = network.model(inputs_embeds=embedded, use_cache=True, logits_to_keep=1)
            # Audio and question are encoded once; each label continues from there.
            asked.past_key_values.batch_repeat_interleave(len(self.labels))
            wanted, real = self._targets(len(utterances))
            answers = network.model(
                input_ids=wanted[:, :-1], past_key_values=asked.past_key_values, use_cache=True
            ).logits
            first = asked.logits.repeat_interleave(len(self.labels), dim=0)
            shares = (
                torch.cat([first, answers], dim=1)
                .float()
                .log_softmax(-1)
                .gather(-1, wanted[..., None])[..., 0]
            )
            return (shares * real).sum(-1).view(len(utterances), -1).cpu().numpy()

    def _targets(self, rows: int) -> tuple[Any, Any]:
        """Tokens of all answers, once for every row, and which of them are no padding, both of
        shape (rows * labels, longest). Nothing looks ahead, so what stands behind an answer changes
        nothing in it."""
        import torch

        longest = max(map(len, self._answers))
        padding = [
            [self.network.prompts.padding] * (longest - len(answer)) for answer in self._answers
        ]
        tokens = torch.tensor(
            [answer + more for answer, more in zip(self._answers, padding, strict=True)]
        )
        real = torch.tensor(
            [[1.0] * len(answer) + [0.0] * (longest - len(answer)) for answer in self._answers]
        )
        device = self.network.device
        return tokens.repeat(rows, 1).to(device), real.repeat(rows, 1).to(device)


def open_voxtral_emotion(release: Release, device: str, options: Options) -> VoxtralEmotion:
    """The emotion model of a release.

    Raises:
        Misconfigured: as ``earshot.models.voxtral.network.opened``, or the release has no labels.
    """
    return VoxtralEmotion(opened(release, device, options), release.labels)
