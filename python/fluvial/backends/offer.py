"""A backend under a name, for elements of this process."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from fluvial.backends.protocol import Backend
from fluvial.errors import ConfigError

__all__ = ["Offer", "offer"]

_TAKEN = ("", "auto", "openvino")


class Offer:
    """A name under which elements find a backend, until it is withdrawn. Those that have it open keep it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def withdraw(self) -> None:
        """From now on nobody finds it. May be called twice."""
        from fluvial import _core

        _core.withdraw_backend(self.name)

    def __enter__(self) -> Offer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.withdraw()


def offer(
    name: str,
    open_model: Callable[[str], Backend],
    *,
    on_error: Callable[[BaseException], None] = lambda _error: None,
) -> Offer:
    """Makes a backend known to the elements of this process: `fluvialinfer backend=NAME model=PATH`.

    Args:
        name: Not "auto" or "openvino".
        open_model: Called with the element's `model` for each element that starts; returns a backend of its own for it.
        on_error: Gets the exceptions of all of them. The element posts an error on the bus anyway.

    Returns:
        What withdraws it; a context manager too.

    Raises:
        ConfigError: The name is taken.

    Example:
        >>> from fluvial.backends import Function
        >>> with offer("bright", lambda path: Function(lambda x: x.mean(axis=(2, 3)), input_size=(64, 48))) as offered:
        ...     offered.name
        'bright'
    """
    from fluvial import _core
    from fluvial.backends._bridge import Bridge

    if name in _TAKEN:
        raise ConfigError(f"offer: the name {name!r} is taken; any other will do")
    _core.offer_backend(name, lambda path: Bridge(open_model(path), name, on_error))
    return Offer(name)
