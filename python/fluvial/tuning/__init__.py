"""How many threads, requests and pictures in one suit a model on this machine: measured once, and kept."""

from fluvial.tuning.measure import describe_version, runner, subject_of
from fluvial.tuning.search import Candidate, Measured, candidates, search
from fluvial.tuning.store import Tuned, load, save

__all__ = [
    "Candidate",
    "Measured",
    "Tuned",
    "candidates",
    "describe_version",
    "load",
    "runner",
    "save",
    "search",
    "subject_of",
]
