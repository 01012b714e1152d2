"""Copies a trained checkpoint and its card into ``earshot/models/embedded`` and its digest and
labels into the catalog; or only the digest, if it is used beside another one.

python -m training.fitting.publish outputs/emotion/emotion.onnx
"""

import argparse
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import onnx

from earshot.models.checkpoints.catalog import CATALOG, load
from earshot.models.checkpoints.location import MODELS, sha256


def publish(source: Path) -> None:
    """Copies ``<name>.onnx`` and ``<name>.md`` of a run and updates the catalog entry that refers
    to them.

    Raises:
        SystemExit: the catalog has no entry for the checkpoint.
    """
    if any(source.name in entry.beside for entry in load()):
        shutil.copy(source.with_suffix(".md"), MODELS / "embedded")
        _publish_beside([source, source.with_suffix(".json")])
        return
    uri = f"embedded/{source.name}"
    shutil.copy(source, MODELS / uri)
    shutil.copy(source.with_suffix(".md"), (MODELS / uri).with_suffix(".md"))
    props = {prop.key: prop.value for prop in onnx.load(str(source)).metadata_props}
    labels = json.dumps(json.loads(props["labels"]))
    before = CATALOG.read_text()
    entry = re.compile(rf'(uri = "{re.escape(uri)}"\nsha256 = ")[0-9a-f]*("\nlabels = )\[.*\]')
    after, count = entry.subn(rf"\g<1>{sha256(source)}\g<2>{labels}", before)
    if count != 1:
        raise SystemExit(
            f"{CATALOG} needs one entry with uri, sha256 and labels lines in a row for {uri}"
        )
    CATALOG.write_text(after)


def _publish_beside(files: Sequence[Path]) -> None:
    text = CATALOG.read_text()
    for path in files:
        shutil.copy(path, MODELS / "embedded")
        entry = re.compile(rf'("{re.escape(path.name)}" = ")[0-9a-f]{{64}}"')
        text = entry.sub(rf'\g<1>{sha256(path)}"', text)
    CATALOG.write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    publish(parser.parse_args().checkpoint)
