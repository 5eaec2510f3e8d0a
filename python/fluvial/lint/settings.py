"""Which keys of nvinfer's configuration files do something here.

The element judges its file itself; this says the same before a program runs. The lists agree with
cpp/elements/infer/nvinfer_config.cpp, and test_lint.py compares them.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from fluvial.errors import did_you_mean

__all__ = ["CLASS_KEYS", "MISSED", "PROPERTY_KEYS", "unused"]

PROPERTY_KEYS = frozenset(
    """
    gie-unique-id unique-id process-mode batch-size interval gpu-id model defaults onnx-file model-engine-file
    tlt-encoded-model model-file uff-file labelfile-path backend precision device threads requests tuned network-type
    is-classifier
    net-scale-factor offsets model-color-format network-input-order maintain-aspect-ratio symmetric-padding
    infer-dims parser decoder decoder-batch-size
    head head-options num-detected-classes cluster-mode classifier-threshold classifier-type
    filter-out-class-ids output-tensor-meta operate-on-gie-id operate-on-class-ids input-object-min-width
    input-object-min-height input-object-max-width input-object-max-height secondary-reinfer-interval
    input-tensor-from-meta output-instance-mask raw-output-file-write crop-objects-to-roi-boundary
    segmentation-threshold segmentation-output-order mean-file custom-lib-path parse-bbox-func-name
    parse-bbox-instance-mask-func-name parse-classifier-func-name parse-segmentation-func-name
    engine-create-func-name custom-network-config classifier-async-mode enable-dbscan network-mode
    int8-calib-file layer-device-precision strongly-typed dynamic-properties workspace-size
    force-implicit-batch-dim warmup-engine proto-file tlt-model-key input-dims uff-input-dims uff-input-order
    uff-input-blob-name output-blob-names output-io-formats scaling-filter scaling-compute-hw enable-dla
    use-dla-core disable-output-host-copy auto-inc-mem max-gpu-mem-per tensor-meta-pool-size
    stabilize-buffer-count dump-input-tensor dump-output-tensor overwrite-input-tensor overwrite-output-tensor
    ip-tensor-file op-tensor-files
    """.split()
)
CLASS_KEYS = frozenset(
    """
    pre-cluster-threshold threshold post-cluster-threshold nms-iou-threshold topk roi-top-offset
    roi-bottom-offset detected-min-w detected-min-h detected-max-w detected-max-h border-color bg-color eps
    group-threshold minBoxes dbscan-min-score
    """.split()
)
# What would change results, and is not done: the element warns too.
MISSED = {
    "mean-file": "mean pictures are not read; use offsets",
    "engine-create-func-name": "engines are not used here: the model file itself is run",
    "overwrite-input-tensor": "outputs are had with raw-output-file-write or output-tensor-meta; none is replaced",
    "overwrite-output-tensor": "outputs are had with raw-output-file-write or output-tensor-meta; none is replaced",
}


def unused(path: Path) -> Iterator[str]:
    """What of a file has no effect: `file:line: [group] key: why`. One that cannot be read is the element's to tell."""
    try:
        text = path.read_text(encoding="utf-8")
        groups = _read(path, text)
    except (OSError, ValueError, configparser.Error, yaml.YAMLError):
        return
    for group, key, what in _unused(groups):
        yield f"{path.name}:{_line_of(text, group, key)}: {what}"


def _unused(groups: dict[str, dict[str, object]]) -> Iterator[tuple[str, str, str]]:
    for group, keys in groups.items():
        is_class = group.startswith("class-attrs-")
        if group != "property" and not is_class:
            yield group, "", f"group [{group}] is not known"
            continue
        known = CLASS_KEYS if is_class else PROPERTY_KEYS
        for key, value in keys.items():
            if key not in known:
                hint = did_you_mean(key, known, listed=0)
                yield group, key, f"[{group}] {key} is not known" + (f"; {hint}" if hint.startswith("did") else "")
            elif key in MISSED and str(value).strip().lower() not in ("", "0", "false"):
                yield group, key, f"[{group}] {key}: {MISSED[key]}"


def _line_of(text: str, group: str, key: str) -> int:
    """From 1; of the group itself where the key is empty."""
    is_inside = False
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words in (f"[{group}]", f"{group}:"):
            is_inside = True
            if not key:
                return number
        elif is_inside and re.match(rf"{re.escape(key)}\s*[=:]", words):
            return number
    return 1


def _read(path: Path, text: str) -> dict[str, dict[str, object]]:
    if path.suffix in (".yml", ".yaml"):
        read = yaml.safe_load(text)
        return {str(g): dict(k or {}) for g, k in read.items()} if isinstance(read, dict) else {}
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}
