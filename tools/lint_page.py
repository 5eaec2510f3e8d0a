"""docs/lint.md, from the rules of fluvial.lint."""

from __future__ import annotations

from fluvial.lint import HARMS, RULES

HEAD = """\
<!-- Generated from the rules in python/fluvial/lint: `make generate`. -->
# fluvial lint

Looks at programs written for DeepStream's `pyds`, without running them, and names what crashes, leaks or stalls on
NVIDIA's module, and what is not there in Fluvial:

```sh
cat > app.py <<'PROGRAM'
import pyds
from gi.repository import Gst

seen = []

def probe(pad, info, data):
    batch_meta = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
    l_frame = batch_meta.frame_meta_list
    while l_frame is not None:
        frame_meta = pyds.NvDsFrameMeta.cast(l_frame.data)
        if not frame_meta.bInferDone:
            continue
        seen.append(frame_meta)
        l_frame = l_frame.next
    return Gst.PadProbeReturn.OK
PROGRAM
fluvial lint app.py || echo "exit code $?"
```

```text
{output}
exit code 1
```

Programs or folders of them are named; `--json` prints one JSON object, `--rules` the list below. The exit code is 0
where nothing was found, 1 where something was, 2 for wrong usage. A comment keeps a finding quiet, in its line or alone
in the line above: `# fluvial: ignore[kept-metadata]`, or `# fluvial: ignore` for every rule.

The rules follow names and types through one file, and do not run it: they miss what goes through other files, and they
are made to say nothing rather than something wrong. Elements and their properties are those of this machine.
"""

# What the program above gets; check_docs runs it, and a test of the rules holds the sentences.
OUTPUT = """\
app.py:12:13: stall: continue, and l_frame has not been advanced [endless-walk]
    why: ...
app.py:13:9: crash: NvDsFrameMeta is stored in seen [kept-metadata]
    why: ...
2 findings in 1 file"""


def page() -> str:
    parts = [HEAD.replace("{output}", OUTPUT)]
    for harm, meaning in HARMS.items():
        parts.append(f"## {harm}: {meaning}\n")
        parts += [f"### {r.name}\n\n{r.title}. {r.why}\n\nInstead: {r.hint}\n" for r in RULES if r.harm == harm]
    return "\n".join(parts)
