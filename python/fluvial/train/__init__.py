"""Trains the project's own detector. Needs PyTorch: `pip install fluvial[train]`."""

from fluvial.train.loop import Epoch, Result, train
from fluvial.train.settings import Settings

__all__ = ["Epoch", "Result", "Settings", "train"]
