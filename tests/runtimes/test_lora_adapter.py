"""LoRA adapters over a network of transformers: in effect, whole, and found with what they
adapt."""

from pathlib import Path
from typing import Any

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints.location import locate, locate_parts
from earshot.models.runtimes import open_release
from earshot.settings import settings
from tests.runtimes.tiny.upstream_voxtral import LANGUAGES, SOUNDS, text, upstream

pytestmark = pytest.mark.runtimes


def test_the_adapter_changes_what_is_heard(releases: dict[str, Release]) -> None:
    plain, changed = (
        open_release(releases[name], "cpu", settings()).transcribe(SOUNDS, LANGUAGES, [])
        for name in ("voxtral", "joint")
    )
    assert all(text(one) != text(other) for one, other in zip(plain, changed, strict=True))


def test_merged_and_unmerged_are_the_same_in_float32(releases: dict[str, Release]) -> None:
    import torch

    from earshot.models.voxtral.network import opened

    ours, theirs = opened(releases["joint"], "cpu", settings()), upstream(releases, "joint")
    assert not any("lora" in name for name, _ in ours.model.named_modules())
    encoded = ours.encoded(SOUNDS)
    embedded, mask = ours.embedded([ours.prompts.transcription(375, "en")] * len(SOUNDS), encoded)
    with torch.no_grad():
        merged = ours.model(inputs_embeds=embedded, attention_mask=mask).logits
        beside = theirs(inputs_embeds=embedded, attention_mask=mask).logits
    assert torch.allclose(merged, beside, atol=1e-3)


def test_in_half_precision_small_changes_stay_beside_the_weights(
    releases: dict[str, Release],
) -> None:
    """A change below the rounding of the weights: merged, most of it would be gone; beside them it
    is there."""
    import torch
    from transformers import VoxtralForConditionalGeneration

    from earshot.models.checkpoints.lora_adapter import adapted

    base, own = locate_parts(releases["joint"], settings()).paths
    model = VoxtralForConditionalGeneration.from_pretrained(base, dtype=torch.bfloat16).eval()
    layers = adapted(model, own, {}).model.language_model.layers
    layer = layers[0].self_attn.q_proj
    assert layer.base_layer.weight.dtype == torch.bfloat16
    layer.lora_B["default"].weight.data *= 1e-3
    change, before = layer.get_delta_weight("default").float(), layer.base_layer.weight.float()
    layer.merge()
    kept = (layer.base_layer.weight.float() - before).norm() / change.norm()
    same = (layer.base_layer.weight.float() == before).float().mean()
    assert same > 0.5, (same, kept)


def test_an_adapter_of_older_libraries_is_the_same(
    releases: dict[str, Release], tmp_path: Path
) -> None:
    """Saved when transformers called the layers as the hub's weights still do."""
    import shutil

    from safetensors.torch import load_file, save_file

    from earshot.models.voxtral.network import Voxtral

    base, own = locate_parts(releases["joint"], settings()).paths
    shutil.copytree(own, tmp_path / "old")
    weights = load_file(own / "adapter_model.safetensors")
    old = {
        name.replace("model.model.language_model", "model.language_model.model").replace(
            "model.model.audio", "model.audio"
        ): weight
        for name, weight in weights.items()
    }
    assert not set(old) & set(weights)
    save_file(old, tmp_path / "old" / "adapter_model.safetensors")
    networks = [
        Voxtral(base, folder, "cpu").model.state_dict() for folder in (own, tmp_path / "old")
    ]
    assert all((networks[0][name] == networks[1][name]).all() for name in networks[0])


def test_an_adapter_that_finds_no_place_is_refused(
    releases: dict[str, Release], tmp_path: Path
) -> None:
    import shutil

    from safetensors.torch import load_file, save_file
    from transformers import VoxtralForConditionalGeneration

    from earshot.models.checkpoints.lora_adapter import adapted

    base, own = locate_parts(releases["joint"], settings()).paths
    shutil.copytree(own, tmp_path / "strange")
    weights = load_file(own / "adapter_model.safetensors")
    strange = {name.replace("layers.1.", "layers.7."): weight for name, weight in weights.items()}
    save_file(strange, tmp_path / "strange" / "adapter_model.safetensors")
    with pytest.raises(Misconfigured, match="not all find their place"):
        adapted(VoxtralForConditionalGeneration.from_pretrained(base), tmp_path / "strange", {})
    with pytest.raises(Misconfigured, match=r"no adapter_config\.json"):
        adapted(VoxtralForConditionalGeneration.from_pretrained(base), base, {})


def test_a_missing_base_names_the_command_that_fetches_both(releases: dict[str, Release]) -> None:
    folder = locate(releases["voxtral"], settings())
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        for release in (releases["joint"], releases["joint-emotion"]):
            with pytest.raises(
                Misconfigured,
                match=f"voxtral, which {release.name} needs, is not here.*pull {release.name}",
            ):
                locate(release, settings())
    finally:
        aside.rename(folder)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("more", "trained"),
    [
        ({"modules_to_save": ["multi_modal_projector"]}, ".modules_to_save."),
        ({"bias": "lora_only"}, ".base_layer.bias"),
    ],
)
def test_what_is_replaced_as_a_whole_is_found_in_either_precision(
    releases: dict[str, Release], tmp_path: Path, precision: str, more: dict[str, Any], trained: str
) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import VoxtralForConditionalGeneration

    from earshot.models.checkpoints.lora_adapter import adapted

    base = locate(releases["voxtral"], settings())
    told = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False, **more)
    tuned = get_peft_model(
        VoxtralForConditionalGeneration.from_pretrained(base, dtype=torch.float32), told
    )
    wanted, *others = [weight for name, weight in tuned.named_parameters() if trained in name]
    with torch.no_grad():
        for weight in (wanted, *others):
            weight.normal_()
    tuned.save_pretrained(tmp_path, save_embedding_layers=False)
    model = VoxtralForConditionalGeneration.from_pretrained(base, dtype=getattr(torch, precision))
    after = adapted(model, tmp_path, {}).state_dict().values()
    assert any(
        each.shape == wanted.shape and torch.equal(each, wanted.to(each.dtype)) for each in after
    )
