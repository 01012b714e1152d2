"""What the ``config.yaml`` and ``tokens.txt`` beside an emotion2vec checkpoint say of its network,
as FunASR lays them out."""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from earshot.analysis.errors import Misconfigured

UNKNOWN = "<unk>"
"""How the file names the last of the nine labels; FunASR's documentation calls it unknown."""
UNUSED = "unuse"
"""So begin the names of outputs that were never trained."""
FIXED = {"layer_norm_first": False}
FIXED_AUDIO = {
    "extractor_mode": "layer_norm",
    "use_alibi_encoder": True,
    "learned_alibi": False,
    "conv_pos_pre_ln": False,
}
"""Of the many networks that the training code can build, the ones that were released: another value
is another network."""

ConvLayers = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network (Ma et al. 2023, emotion2vec; Baevski et al. 2022, data2vec 2.0)."""

    conv_layers: ConvLayers
    """Channels, kernel and stride of each."""
    width: int
    heads: int
    blocks: int
    """Transformer blocks, those of the modality (``prenet``) included."""
    mlp_ratio: float
    norm_eps: float
    extra_tokens: int
    """Learned positions before the first frame."""
    position_layers: int
    position_kernel: int
    position_groups: int
    normalize: bool
    """Whether each waveform is brought to mean 0 and variance 1."""


def read_config(path: Path) -> NetworkConfig:
    """Raises:
    Misconfigured: it is not the configuration of a released emotion2vec.
    """
    try:
        conf = yaml.safe_load(path.read_text(encoding="utf-8"))["model_conf"]
        audio = conf["modalities"]["audio"]
        _check(path, conf, FIXED)
        _check(path, audio, FIXED_AUDIO)
        layers = int(audio["conv_pos_depth"])
        return NetworkConfig(
            conv_layers=_conv_layers(audio["feature_encoder_spec"]),
            width=int(conf["embed_dim"]),
            heads=int(conf["num_heads"]),
            blocks=int(audio["prenet_depth"]) + int(conf["depth"]),
            mlp_ratio=float(conf["mlp_ratio"]),
            norm_eps=float(conf["norm_eps"]),
            extra_tokens=int(audio["num_extra_tokens"]),
            position_layers=layers,
            position_kernel=max(3, int(audio["conv_pos_width"]) // layers),
            position_groups=int(audio["conv_pos_groups"]),
            normalize=bool(conf.get("normalize")),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, SyntaxError) as error:
        reason = " ".join(str(error).split())
        raise Misconfigured(
            "checkpoint", f"{path} is no configuration of an emotion2vec network: {reason}"
        ) from error


def read_labels(path: Path) -> tuple[str, ...]:
    """The outputs in order, in English: a line of ``tokens.txt`` says ``<Chinese>/<English>``.
    Those that were never trained keep their name, which begins with ``UNUSED``.

    Raises:
        Misconfigured: the file is missing.
    """
    try:
        lines = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise Misconfigured(
            "checkpoint", f"{path} is missing, and with it the labels of the outputs"
        ) from error
    return tuple("unknown" if line == UNKNOWN else line.rpartition("/")[2] for line in lines)


def _check(path: Path, found: dict[str, Any], fixed: dict[str, Any]) -> None:
    for key, value in fixed.items():
        actual = found.get(key) or False  # FunASR takes what is not there for no
        if actual != value:
            raise Misconfigured(
                "checkpoint",
                f"{path} has {key}: {actual}; only networks with {value} were released",
            )


def _conv_layers(text: str) -> ConvLayers:
    """``[(512, 10, 5)] + [(512, 3, 2)] * 4``, which FunASR evaluates as Python."""
    layers = _value(ast.parse(text, mode="eval").body)
    return tuple((int(channels), int(kernel), int(stride)) for channels, kernel, stride in layers)


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _value(node.left) + _value(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _value(node.left) * _value(node.right)
    return ast.literal_eval(node)
