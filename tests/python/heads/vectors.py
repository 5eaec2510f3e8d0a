"""Vectors: classes with and without a softmax, independent ones, several attributes, embeddings; and lines of text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from golden import Case, Spec, Tensors, save_constants, sigmoid

Words = list[tuple[str, float]]

# Nothing in such files tells how pixels go in.
FED: dict[str, Any] = {"model_color_format": 0, "net_scale_factor": 1.0}
LETTERS = "0123456789ABCDEF"


def softmax(values: np.ndarray, axis: int = -1) -> np.ndarray:
    shares = np.exp(values.astype(np.float64) - values.max(axis, keepdims=True))
    return np.asarray(shares / shares.sum(axis, keepdims=True))


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, shape)


def writer(outputs: dict[str, np.ndarray], picture: str = "input") -> Callable[[Path], None]:
    tensors = {k: v if v.dtype.kind == "i" else v.astype(np.float32) for k, v in outputs.items()}
    return lambda path: save_constants(path, tensors, picture=(picture, (1, 3, 64, 96)))


# --- classes


def surest_of_logits(tensors: Tensors, spec: Spec) -> Words:
    shares = softmax(tensors["logits"][0])
    return [(str(shares.argmax()), float(shares.max()))]


def surest_of_each(tensors: Tensors, spec: Spec) -> Words:
    vectors = [tensors[output["name"]].ravel() for output in spec["outputs"]]
    return [(str(v.argmax()), float(v.max())) for v in vectors]


def independent(tensors: Tensors, spec: Spec) -> Words:
    return [(str(i), float(v)) for i, v in enumerate(tensors["attributes"][0]) if v >= 0.6]


# --- embeddings


def direction(tensors: Tensors, spec: Spec) -> np.ndarray:
    vector = tensors["embedding"].ravel().astype(np.float64)
    return np.asarray(vector / np.linalg.norm(vector))


# --- text


def text_of(best: np.ndarray, shares: np.ndarray, *, blank: int) -> Words:
    """CTC, greedily: repeats are one, blanks none; how sure is the mean over the letters."""
    letters, sure, before = "", [], -1
    for character, share in zip(best, shares, strict=True):
        if character not in (blank, before):
            letters += LETTERS[character - (blank == 0)]
            sure.append(share)
        before = character
    return [(letters, float(np.mean(sure)))]


def from_scores(axes: tuple[int, int], *, blank: int, softmaxed: bool = False) -> Callable[[Tensors, Spec], Words]:
    """`axes`: which of the tensor's is the step, and which the character."""

    def reference(tensors: Tensors, spec: Spec) -> Words:
        (scores,) = tensors.values()
        rows = np.moveaxis(scores, axes, (0, 1)).reshape(scores.shape[axes[0]], -1)
        shares = rows if softmaxed else softmax(rows)
        return text_of(shares.argmax(1), shares.max(1), blank=blank)

    return reference


def from_numbers(tensors: Tensors, spec: Spec) -> Words:
    return text_of(tensors["numbers"][0], tensors["shares"][0], blank=len(LETTERS))


def text(name: str, outputs: dict[str, np.ndarray], reference: Any, **options: str) -> Case:
    settings = {**FED, "classifier_threshold": 0.0, "head_options": {"alphabet": LETTERS, **options}}
    return Case(name, "text", writer(outputs), reference, settings)


COUNT = len(LETTERS) + 1
NUMBERS = np.array([[3, 3, 16, 3, 10, 16, 16, 15, 0, 0]])
CASES = [
    Case("classifier-logits", "classification", writer({"logits": noise(31, 1, 10)}), surest_of_logits,
         {**FED, "threshold": 0.1}),
    Case("classifier-softmax", "classification", writer({"softmax": softmax(noise(32, 1, 10))}), surest_of_each,
         {**FED, "classifier_threshold": 0.1}),
    Case("classifier-independent", "classification", writer({"attributes": sigmoid(noise(33, 1, 8))}), independent,
         {**FED, "threshold": 0.6}),
    Case("classifier-attributes", "classification",  # as Open Model Zoo's of vehicles: color and type
         writer({"color": softmax(noise(34, 1, 7, 1, 1), 1), "type": softmax(noise(35, 1, 4, 1, 1), 1)}),
         surest_of_each, {"classifier_threshold": 0.1}),
    Case("embedding", "embedding", writer({"embedding": noise(36, 1, 256)}, "data"), direction, FED),
    text("lprnet", {"output": noise(37, 1, COUNT, 24)}, from_scores((2, 1), blank=COUNT - 1)),
    text("crnn", {"output": noise(38, 24, 1, COUNT)}, from_scores((0, 2), blank=0), blank="first"),
    text("paddle-ocr", {"softmax_0.tmp_0": softmax(noise(39, 1, 24, COUNT))},
         from_scores((1, 2), blank=0, softmaxed=True), blank="first"),
    text("ocr-numbers", {"numbers": NUMBERS, "shares": sigmoid(noise(40, 1, 10))}, from_numbers),
]  # fmt: skip
