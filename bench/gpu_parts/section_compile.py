"""PyTorch's compiler: how long the first start takes, and the second, in another process, from what was kept."""

from __future__ import annotations

from running import Inference, Playing, analytics  # isort: skip

import time
from collections.abc import Iterator

from options import Options

from harness import Row


def measure(case: str, options: Options) -> Iterator[Row]:
    which, model, batch = case.split(" ")
    begin = time.monotonic()
    with Inference(model, batch=int(batch)) as infer, Playing(analytics(options.hd, 1, infer)):
        seconds = time.monotonic() - begin
    limit = 20.0 if which == "again" else None
    yield Row(f"{model}, batches of {batch}: {which} start with compile=True", seconds, "s", at_most=limit)
