"""The training itself: epochs, measurements, checkpoints. Several processes, one a GPU, share it (DDP)."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn

from fluvial.errors import ConfigError
from fluvial.train.apart import check_apart
from fluvial.train.batch import Augmentation, Composer
from fluvial.train.checkpoint import load_checkpoint, save_checkpoint
from fluvial.train.data import label_by_teacher, read_data
from fluvial.train.evaluate import answers_of, evaluate
from fluvial.train.loss import detection_loss
from fluvial.train.network import STRIDES, Detector, centres
from fluvial.train.precision import Scores
from fluvial.train.report import write_report
from fluvial.train.schedule import Average, rate_at
from fluvial.train.settings import Settings
from fluvial.train.store import fill_store

__all__ = ["Epoch", "Result", "train"]

_log = logging.getLogger("fluvial.train")
_MOST_GRADIENT = 10.0
_SPARE = 1.5  # epochs of time left, to begin another
_RATE_FOR = 64  # pictures a batch


@dataclass(frozen=True)
class Epoch:
    """One line of the training's history.

    Attributes:
        number: From 1.
        loss: Mean over the epoch.
        map: AP at IoU .50 to .95, mean of classes; None where it was not measured.
        map_50: At .50.
        seconds: Of the epoch.
    """

    number: int
    loss: float
    map: float | None
    map_50: float | None
    seconds: float


@dataclass(frozen=True)
class Result:
    """A finished training.

    Attributes:
        folder: Where best.pt, last.pt, history.json are.
        names: Classes.
        scores: Of the best weights on the validation pictures.
        history: Of all epochs, those before a resumption too.
    """

    folder: Path
    names: tuple[str, ...]
    scores: Scores
    history: tuple[Epoch, ...]


class _Training:
    def __init__(self, settings: Settings, folder: Path, told: Callable[[str], None]) -> None:
        self.settings, self.folder, self._told = settings, folder, told
        self.rank, self.ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        self.device = _device(settings.device, told)
        if self.ranks > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        folder.mkdir(parents=True, exist_ok=True)
        if self.rank == 0:
            label_by_teacher(settings, folder, told)
        if self.ranks > 1:
            distributed.barrier()
        data, held = read_data(settings, folder)
        self.names = data.names
        side = settings.input_side
        self.store = fill_store(data.pictures, side, folder, problems=data.problems)
        self.held = self.store if held is data else fill_store(held.pictures, side, folder, problems=held.problems)
        self.problems = data.problems.lines() + (held.problems.lines() if held is not data else [])
        for line in self.problems:
            told(f"left out: {line}")
        if settings.apart:
            told(check_apart(self.store, settings.apart))
        if not len(self.store):
            raise ConfigError(
                f"data: none of the {len(data.pictures)} pictures can be read, such as {data.pictures[0].path}"
            )
        torch.manual_seed(settings.seed)
        self.network = Detector(len(self.names), settings.size).to(self.device)
        self.network = self.network.to(memory_format=torch.channels_last)
        if settings.begin_from:
            told(_begin_from(self.network, settings.begin_from))
        self.average = Average(self.network)
        self.optimizer = _optimizer(self.network, settings)
        self.steps_an_epoch = max(1, len(self.store) // (settings.batch * self.ranks))
        self.history: list[Epoch] = []
        self.best = -1.0
        self.composer = Composer(self.store, len(self.names), side, self.device)
        maps = [side // stride for stride in STRIDES]
        self.places = torch.cat([centres(m, m, s, self.device) for m, s in zip(maps, STRIDES, strict=True)])
        self.strides = torch.cat(
            [torch.full((m * m,), float(s), device=self.device) for m, s in zip(maps, STRIDES, strict=True)]
        )
        self.learner: nn.Module = torch.compile(self.network) if settings.compile else self.network
        if self.ranks > 1:
            self.learner = nn.parallel.DistributedDataParallel(self.learner, broadcast_buffers=False)

    def resume(self, file: Path) -> None:
        content = load_checkpoint(file)
        if tuple(content["names"]) != self.names or content["size"] != self.settings.size:
            raise ConfigError(
                f"{file}: of classes {content['names']} and size {content['size']}; this training differs"
            )
        self.network.load_state_dict(content["network"])
        self.average.network.load_state_dict(content["average"])
        self.average.steps = content["average_steps"]
        self.optimizer.load_state_dict(content["optimizer"])
        self.history = [Epoch(**epoch) for epoch in content["history"]]
        self.best = content["best"]

    def content(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "average_steps": self.average.steps,
            "optimizer": self.optimizer.state_dict(),
            "history": [vars(epoch) for epoch in self.history],
            "best": self.best,
            **self.facts(),
        }

    def facts(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "size": self.settings.size,
            "input_side": self.settings.input_side,
            "settings": self.settings.model_dump_json(),
            "pictures": len(self.store),
        }

    def run(self, until: float = math.inf) -> None:
        """All epochs, or as many as end before a moment of `time.monotonic`; at least one."""
        longest = 0.0
        for number in range(len(self.history) + 1, self.settings.epochs + 1):
            begin = time.monotonic()
            loss = self._epoch(number)
            scores: Scores | None = None
            if self.rank == 0 and self.is_measured(number):
                answers = answers_of(self.average.network, self.device)
                scores, _ = evaluate(answers, self.held, classes=len(self.names), side=self.settings.input_side)
            map_, map_50 = (scores.map, scores.map_50) if scores else (None, None)
            epoch = Epoch(number, loss, map_, map_50, round(time.monotonic() - begin, 3))
            self.history.append(epoch)
            longest = max(longest, time.monotonic() - begin)
            if self.rank == 0:
                self._keep(epoch)
                if self.device.type == "cpu" and number == 1 < self.settings.epochs:
                    left = round(epoch.seconds * (self.settings.epochs - 1))
                    self._told(f"about {timedelta(seconds=left)} (h:mm:ss) left at this pace")
            if number < self.settings.epochs and self._is_time_up(until - _SPARE * longest):
                self._stop(number)
                return

    def is_measured(self, number: int) -> bool:
        return number % self.settings.every == 0 or number == self.settings.epochs

    def _is_time_up(self, moment: float) -> bool:
        """Whether the first process thinks so: all have to stop after the same epoch."""
        is_up = torch.tensor(float(time.monotonic() > moment), device=self.device)
        if self.ranks > 1:
            distributed.broadcast(is_up, 0)
        return bool(is_up)

    def _stop(self, number: int) -> None:
        if self.rank == 0:
            if self.history[-1].map is None:  # else it was written just now
                self._write_all()
            self._told(f"time is up after epoch {number} of {self.settings.epochs}; --resume goes on from here")

    def _write_all(self) -> None:
        save_checkpoint(self.folder / "last.pt", self.content())
        (self.folder / "history.json").write_text(json.dumps([vars(e) for e in self.history], indent=1) + "\n")

    def _keep(self, epoch: Epoch) -> None:
        measured = "" if epoch.map is None else f"  mAP {epoch.map:.3f}  mAP50 {epoch.map_50:.3f}"
        self._told(
            f"epoch {epoch.number}/{self.settings.epochs}  loss {epoch.loss:.3f}{measured}  {epoch.seconds:.1f} s"
        )
        if epoch.map is not None and epoch.map > self.best:
            self.best = epoch.map
            measured_by = {"map": epoch.map, "map_50": epoch.map_50, "epoch": epoch.number}
            weights = self.average.network.state_dict()
            save_checkpoint(self.folder / "best.pt", {"average": weights, **measured_by, **self.facts()})
        if epoch.map is not None:
            self._write_all()

    def _epoch(self, number: int) -> float:
        settings = self.settings
        how = Augmentation(settings.mosaic, settings.mixup, settings.scale, settings.flip)
        if number > settings.epochs * (1 - settings.plain_epochs):
            how = how.plain()
        # An epoch's pictures depend on seed and number alone: a resumed training goes on as it would have gone on.
        random = np.random.default_rng([settings.seed, number, self.rank])
        order = np.random.default_rng([settings.seed, number]).permutation(len(self.store))[self.rank :: self.ranks]
        self.learner.train()
        losses = []
        for step in range(self.steps_an_epoch):
            numbers = _chosen(order, step, settings.batch)
            losses.append(self._step(numbers, how, random, (number - 1) * self.steps_an_epoch + step))
        return float(torch.stack(losses).mean())

    def _step(
        self, numbers: NDArray[np.int64], how: Augmentation, random: np.random.Generator, step: int
    ) -> torch.Tensor:
        settings = self.settings
        share = rate_at(step, settings.epochs * self.steps_an_epoch, settings.warm_up_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = settings.rate * share * min(1.0, settings.batch * self.ranks / _RATE_FOR) ** 0.5
        pictures, targets = self.composer.compose(numbers, how, random)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with _mixed(self.device):
            boxes, scores = self.learner(pictures)
        losses = detection_loss(boxes, scores, targets, places=self.places, strides=self.strides)
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), _MOST_GRADIENT)
        self.optimizer.step()
        self.average.update()
        return losses["loss"].detach()


def _chosen(order: NDArray[np.int64], step: int, batch: int) -> NDArray[np.int64]:
    """The next pictures; a small dataset begins again within the batch."""
    return order[np.arange(step * batch, (step + 1) * batch) % len(order)]


def _device(name: str, told: Callable[[str], None]) -> torch.device:
    if name == "auto" and not torch.cuda.is_available():
        told("no GPU: training on the CPU, which takes long; after the first epoch it is said how long")
        name = "cpu"
    if name in {"auto", "cuda"}:
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        words = str(error).splitlines()[0]
        raise ConfigError(f"device: {name!r} cannot be used: {words}; allowed are auto, cpu, cuda, cuda:N") from None
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True  # all batches have one shape
    return device


def _mixed(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else contextlib.nullcontext()


def _optimizer(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Only kernels are drawn towards zero, not scales and offsets."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": settings.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    is_fused = kernels[0].device.type == "cuda"
    return torch.optim.AdamW(groups, lr=settings.rate, fused=is_fused)


def _begin_from(network: nn.Module, file: Path) -> str:
    """Takes what fits: other classes have another last layer."""
    given, own = load_checkpoint(file)["average"], network.state_dict()
    fitting = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
    if not fitting:
        raise ConfigError(f"begin_from: {file} has no weight that fits a network of this size")
    network.load_state_dict(fitting, strict=False)
    return f"begins from {file}: {len(fitting)} of {len(own)} tensors fit"


def train(
    settings: Settings,
    folder: Path,
    *,
    resume: bool = False,
    minutes: float = math.inf,
    told: Callable[[str], None] = _log.info,
) -> Result:
    """Trains a detector; leaves best.pt (weights) and last.pt (everything, to go on from) in a folder.

    Args:
        settings: What is trained on what.
        folder: Made where it is not there.
        resume: Goes on from last.pt there.
        minutes: Ends in order after the last epoch that fits, with what is best so far; a resumed training ends as one
            that was not interrupted.
        told: Called with every line of progress.

    Raises:
        ConfigError: The data cannot be used, or the checkpoint is of another training.
        OSError: The disk is full; the checkpoint before is left.
    """
    until = time.monotonic() + minutes * 60
    training = _Training(settings, folder, told)
    if resume:
        training.resume(folder / "last.pt")
    training.run(until)
    if training.ranks > 1:
        distributed.barrier()  # the first process writes
    best = _best(training)
    answers = answers_of(best, training.device)
    scores, found = evaluate(answers, training.held, classes=len(training.names), side=settings.input_side)
    if training.rank:
        return Result(folder, training.names, scores, tuple(training.history))
    try:
        write_report(
            folder,
            names=training.names,
            history=training.history,
            scores=scores,
            store=training.held,
            found=found,
            facts=_facts(training),
        )
    except ImportError:
        told("no plots, as matplotlib is not there; pip install fluvial[train]")
    return Result(folder, training.names, scores, tuple(training.history))


def _best(training: _Training) -> nn.Module:
    """The best network that was measured; the mean of now, where time was up before any was."""
    if not any(training.is_measured(epoch.number) for epoch in training.history):
        return training.average.network
    network = Detector(len(training.names), training.settings.size).to(training.device)
    network.load_state_dict(load_checkpoint(training.folder / "best.pt")["average"])
    return network


def _facts(training: _Training) -> dict[str, Any]:
    settings = training.settings
    measured = [epoch for epoch in training.history if epoch.map is not None]
    best = max(measured, key=lambda epoch: epoch.map or 0, default=training.history[-1])
    return {
        "classes": ", ".join(training.names),
        "network": f"{settings.size}, {sum(p.numel() for p in training.network.parameters()):,} weights",
        "input": f"{settings.input_side} x {settings.input_side}, RGB, 0..1",
        "pictures": f"{len(training.store)} to train, {len(training.held)} to measure",
        "epochs": f"{len(training.history)} of {settings.epochs}, the best is {best.number}",
        "seed": settings.seed,
        "left out": "; ".join(training.problems) or "nothing",
    }
