"""What `fluvial doctor` says of one thing."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for.

    Attributes:
        what: Its name.
        need: "needed", or what does not work without it.
        is_ok: It is here.
        detail: Which one, or what is wrong with it.
        packages: The Debian and Ubuntu packages that bring it.
    """

    what: str
    need: str
    is_ok: bool
    detail: str = ""
    packages: str = ""
