"""Runs cases of one section and prints a line of JSON for each figure, as soon as there is one.

python bench/gpu_parts/child.py SECTION ASSETS FOLDER SECONDS CASE...
"""

from __future__ import annotations

import torch  # before fluvial, as its libraries are the choosiest  # isort: skip

import dataclasses
import importlib
import json
import logging
import sys
import traceback
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parent.parent))

from options import Options

from harness import Unfit


def say(**said: object) -> None:
    print("@" + json.dumps(said), flush=True)


def main() -> None:
    section, assets, folder, seconds, *cases = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch._dynamo.config.recompile_limit = 64  # one process runs many sizes
    module = importlib.import_module(f"section_{section}")
    options = Options(Path(assets), Path(folder), float(seconds))
    for case in cases:
        say(begin=case)
        try:
            for row in module.measure(case, options):
                say(row=dataclasses.asdict(row))
        except Unfit as e:
            say(failed=str(e))
        except Exception as e:  # the next case may be well
            traceback.print_exc()
            say(failed=f"{type(e).__name__}: {e}")
        say(end=case)


if __name__ == "__main__":
    main()
