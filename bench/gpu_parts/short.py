"""A short pipeline on the GPU, for tools that watch it: python bench/gpu_parts/short.py CLIP"""

from __future__ import annotations

import torch  # before fluvial  # isort: skip

import sys

import models

import fluvial as fv


def main() -> None:
    frames = objects = 0
    settings = {**models.settings_of("yolox-nano"), "input_size": (416, 416), "device": "cuda", "precision": "f16"}
    for batch in fv.Flow([sys.argv[1]] * 2).infer(models.network("yolox-nano"), **settings).track():
        frames += len(batch.frames)
        objects += sum(len(frame.objects) for frame in batch.frames)
        if frames >= 40:
            break
    print(f"{frames} frames, {objects} objects, {torch.cuda.get_device_name()}", flush=True)


if __name__ == "__main__":
    main()
