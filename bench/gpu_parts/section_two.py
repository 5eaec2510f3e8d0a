"""Two GPUs against one: sources spread over them, one program."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from options import Options

from harness import Row, Unfit


def measure(case: str, options: Options) -> Iterator[Row]:
    if torch.cuda.device_count() < 2:
        raise Unfit("this machine has one GPU")
    raise Unfit(f"{case}: sources of one program are not spread over several GPUs yet ({options.seconds} s)")
    yield  # a generator
