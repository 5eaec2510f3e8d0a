"""Any callable as a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fluvial.backends.protocol import ELEMENT_TYPES, Model, Plan, Ready, Tensor
from fluvial.errors import ConfigError, ModelError

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

__all__ = ["Function", "named_outputs"]

_OPEN = (1, 2)  # batches that are tried


class Function:
    """A backend: a function of pictures.

    Args:
        call: Gets float32 [N, 3, height, width] and returns an array, several in a tuple or list, or a dict of them by
            name; the first dimension of each is N. It is called with pictures of zeros first, one and then two, to
            see what it gives.
        input_size: Width and height in pixels.
        name: What messages call it.

    Raises:
        ConfigError: No input_size.

    Example:
        >>> brightness = Function(lambda x: x.mean(axis=(2, 3)), input_size=(64, 48))
        >>> brightness.describe().outputs
        (Tensor(name='output0', type='f32', shape=(-1, 3)),)
    """

    def __init__(self, call: Callable[..., Any], *, input_size: tuple[int, int] | None = None, name: str = "") -> None:
        self._call = call
        self._name = name or getattr(call, "__name__", type(call).__name__)
        self._size = checked_size(input_size, self._name)

    def describe(self) -> Model:
        """Calls it on zeros."""
        import numpy as np

        width, height = self._size
        one, two = (self._outputs(np.zeros((n, 3, height, width), np.float32)) for n in _OPEN)
        return described((3, height, width), one, two, self._name)

    def compile(self, plan: Plan) -> Ready:
        """Nothing to do. What it computes with is its own affair, so `precision` cannot be obeyed."""
        if plan.precision:
            raise ConfigError(f"precision={plan.precision!r}: a function computes as it is written")
        return Ready(f"function {self._name}")

    def infer(self, inputs: dict[str, NDArray[Any]]) -> Mapping[str, Any]:
        """Calls it."""
        return self._outputs(*inputs.values())

    def _outputs(self, pictures: NDArray[Any]) -> dict[str, Any]:
        return named_outputs(self._call(pictures), self._name)


def checked_size(size: tuple[int, int] | None, name: str) -> tuple[int, int]:
    """Width and height.

    Raises:
        ConfigError: It was not given, or is no size.
    """
    if size is None:
        raise ConfigError(f"{name}: nothing tells the size of its pictures\n  hint: input_size=(width, height)")
    if len(size) != 2 or not all(isinstance(n, int) and n > 0 for n in size):
        raise ConfigError(f"{name}: input_size={size!r}; width and height in pixels are needed: (640, 480)")
    return size[0], size[1]


def named_outputs(found: Any, name: str) -> dict[str, Any]:
    """What a model returned, by name: "output0", "output1" where it gave none.

    Raises:
        ModelError: Nothing that holds arrays.

    Example:
        >>> import numpy as np
        >>> list(named_outputs((np.zeros(1), np.zeros(2)), "f"))
        ['output0', 'output1']
    """
    if isinstance(found, Mapping):
        return {str(key): value for key, value in found.items()}
    if isinstance(found, (tuple, list)):
        return {f"output{i}": value for i, value in enumerate(found)}
    if found is None:
        raise ModelError(f"{name}: it returned None; an array, several, or a dict of them is needed")
    return {"output0": found}


def described(
    picture: tuple[int, int, int],
    one: Mapping[str, Any],
    two: Mapping[str, Any],
    name: str,
) -> Model:
    """The model that gave these outputs for one picture and for two: what grew with them is the batch."""
    from fluvial.backends._bridge import as_array

    outputs = []
    for key, value in one.items():
        a, b = as_array(value, f"{name}: output {key!r}"), as_array(two[key], f"{name}: output {key!r}")
        kind = next((ours for ours, numpys in ELEMENT_TYPES.items() if numpys == a.dtype.name), None)
        if kind is None:
            raise ModelError(
                f"{name}: output {key!r} is {a.dtype.name}; allowed are {', '.join(ELEMENT_TYPES.values())}"
            )
        if a.ndim != b.ndim:
            raise ModelError(f"{name}: output {key!r} is {a.shape} for one picture and {b.shape} for two")
        outputs.append(Tensor(key, kind, tuple(m if m == n else -1 for m, n in zip(a.shape, b.shape, strict=True))))
    return Model((Tensor("pictures", "f32", (-1, *picture)),), tuple(outputs), path=name)
