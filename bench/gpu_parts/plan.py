"""What is measured: sections, each of cases. Needs no GPU, so that the script can plan without one."""

from __future__ import annotations

STREAMS = (1, 8, 32, 48, 64, 200)
DETECTORS = ("yolox-nano", "yolox-s")
PUBLISHED = ("1x1080p-yolov4-tiny", "4x1080p-yolov4", "8x1080p-resnet50", "1x4k-yolov8n")

# Section: its cases, in their order, and how many seconds one may be silent.
COMPILED = (*(f"first {model} {batch}" for model in DETECTORS for batch in (32, 48, 50)),)
SECTIONS: dict[str, tuple[tuple[str, ...], int]] = {
    "compile": ((*COMPILED, "again yolox-s 48"), 150),
    "correct": (("vtest", "person-bicycle-car", "sanitizer"), 240),
    "wall": (
        (*(f"decode-{n}" for n in STREAMS), *(f"{model}-{n}" for model in DETECTORS for n in STREAMS)),
        150,
    ),
    "latency": (("yolox-nano-200",), 150),
    "stages": (("copies", "kernels"), 150),
    "gil": (("yolox-nano-48",), 150),
    "published": ((*PUBLISHED, "48x1080p-deimv2-femto"), 150),
    "flat": (("start-stop",), 200),
    "two": (("yolox-nano-96", "yolox-s-96"), 170),
}
PARALLEL = {"compile": COMPILED}  # cases that are no measurement of speed: several processes at once
ON_ONE_GPU = tuple(name for name in SECTIONS if name != "two")
