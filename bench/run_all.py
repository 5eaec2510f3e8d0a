"""Every benchmark, one after the other: a table, and bench/results.json. This is `make bench`.

    python bench/run_all.py [--quick] [NAME...]

Exit 1 where a gate is missed or a benchmark could not be run. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import sys
import time

import harness

NAMES = ("copies", "pyds_walk", "overhead", "cpu", "models", "versus_loop", "memory")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer frames and rounds: rough figures")
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of: " + " ".join(NAMES))
    args = parser.parse_args()
    where = harness.machine()
    print("  ".join(f"{k} {v}" for k, v in where.items()), flush=True)
    rows: list[harness.Row] = []
    missing = 0
    for name in args.names or NAMES:
        started = time.monotonic()
        try:
            new = importlib.import_module(f"bench_{name}").measure(args.quick)
        except harness.Unfit as e:
            print(f"\n{name}: not measured: {e}", file=sys.stderr, flush=True)
            missing += 1
            continue
        print(f"\n{name} ({time.monotonic() - started:.0f} s)\n{harness.table(new)}", flush=True)
        rows += new
    command = "make bench" + (" QUICK=1" if args.quick else "")
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    result = {"machine": where, "command": command, "when": now, "rows": harness.as_json(rows)}
    (harness.ROOT / "bench" / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    missed = sum(not r.is_good for r in rows)
    print(f"\n{len(rows)} figures, {missed} gates missed, {missing} not measured; {command}; bench/results.json")
    return int(missed > 0 or missing > 0)


if __name__ == "__main__":
    sys.exit(main())
