"""wav2vec 2.0 with a head that rates an utterance in numbers, as audeering published it (Wagner et
al. 2023, Dawn of the transformer era in speech emotion recognition): the mean over frames through
two linear layers."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model, Wav2Vec2PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class RegressionHead(nn.Module):
    """Shape (rows, width) to (rows, outputs)."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.out_proj = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, pooled: Tensor) -> Tensor:
        rated: Tensor = self.out_proj(torch.tanh(self.dense(pooled)))
        return rated


class DimensionalNetwork(Wav2Vec2PreTrainedModel):
    """Parameters have the names of the published file."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__(config)
        self.wav2vec2 = Wav2Vec2Model(config)
        self.classifier = RegressionHead(config)
        self.post_init()

    def forward(self, input_values: Tensor, attention_mask: Tensor | None = None) -> Any:
        """Ratings of about 0 to 1 as ``logits``, shape (rows, outputs), in the order of the
        configuration."""
        frames = self.wav2vec2(input_values, attention_mask=attention_mask).last_hidden_state
        if attention_mask is None:
            pooled = frames.mean(1)
        else:
            held = self._get_feature_vector_attention_mask(frames.shape[1], attention_mask)[
                ..., None
            ]
            pooled = (frames * held).sum(1) / held.sum(1)
        return SequenceClassifierOutput(logits=self.classifier(pooled))
