"""How fast weights move over a training, and the mean of where they were."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn

__all__ = ["Average", "rate_at"]

_LAST = 0.02  # of the greatest rate


def rate_at(step: int, steps: int, warm_up: int) -> float:
    """Share of the greatest rate: a line up, then half a cosine down (Loshchilov & Hutter 2017, arXiv:1608.03983).

    Example:
        >>> [round(rate_at(step, 100, 10), 2) for step in (0, 9, 55, 99)]
        [0.1, 1.0, 0.51, 0.02]
    """
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return _LAST + (1 - _LAST) * (1 + math.cos(math.pi * done)) / 2


class Average:
    """The exponential mean of a network's weights, which finds more than the weights themselves.

    Args:
        network: Whose weights.
        horizon: Steps that the mean reaches back over; fewer at the start.
    """

    def __init__(self, network: nn.Module, horizon: int = 2000) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.steps, self._horizon = 0, horizon
        given, means = network.state_dict(), self.network.state_dict()
        names = [name for name, mean in means.items() if mean.dtype.is_floating_point]
        # The tensors of both networks stay the same ones: to look for them in every step takes longer than the mean.
        self._given, self._means = [given[name] for name in names], [means[name] for name in names]
        self._counts = [(given[name], means[name]) for name in means if name not in names]

    @torch.no_grad()
    def update(self) -> None:
        """After a step of the network."""
        self.steps += 1
        share = 1 - 1 / min(self._horizon, 1 + self.steps / 4)
        torch._foreach_lerp_(self._means, self._given, 1 - share)
        for count, mean in self._counts:
            mean.copy_(count)
