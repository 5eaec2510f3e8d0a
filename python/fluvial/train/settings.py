"""What a training is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Settings"]

Share = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """One training. Unknown keys are errors.

    Example:
        >>> Settings(data=["shop/annotations.json"]).epochs
        100
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: tuple[Path, ...] = Field(
        (), description="COCO's JSON beside its images/, a folder with both, or one as YOLO's tools have it"
    )
    videos: tuple[str, ...] = Field((), description="files or addresses, whose frames the teacher labels")
    teacher: str | None = Field(None, description="model that labels the videos: a path, or a name of the list")
    validation: tuple[Path, ...] = Field((), description="the same, for measuring mAP; by default every tenth picture")
    teacher_boxes: Path | None = Field(
        None,
        description="COCO result file of a teacher for the first data, for classes that are not labelled in a picture",
    )
    apart: tuple[Path, ...] = Field(
        (), description="pictures that must not be among those trained on: folders, or files of their fingerprints"
    )
    classes: tuple[str, ...] = Field((), description="names to learn, in this order; by default all of the data")
    size: Literal["pico", "nano", "tiny", "small"] = Field("nano", description="of the network")
    input_side: int = Field(416, ge=64, le=1536, multiple_of=32, description="pixels")
    begin_from: Path | None = Field(None, description="checkpoint or weights of an earlier training")
    epochs: int = Field(100, ge=1, description="times that every picture is seen")
    plain_epochs: Share = Field(0.1, description="share of epochs at the end without mosaic")
    batch: int = Field(32, ge=1, le=1024, description="pictures")
    rate: float = Field(0.002, gt=0, le=0.1, description="greatest step of AdamW, for 64 pictures a batch")
    weight_decay: float = Field(0.05, ge=0, le=1)
    warm_up_steps: int = Field(500, ge=1)
    mosaic: Share = 1.0
    mixup: Share = 0.1
    scale: float = Field(2.0, ge=1, le=8, description="pictures are up to so many times larger or smaller")
    flip: Share = 0.5
    seed: int = 0
    compile: bool = Field(False, description="torch.compile: minutes at the start, faster then")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1")
    every: int = Field(5, ge=1, description="epochs from one measurement of mAP to the next")

    @model_validator(mode="after")
    def _has_data(self) -> Settings:
        if not self.data and not self.videos:
            raise ValueError("no data; name a COCO JSON or a folder with labels, or videos and a teacher")
        if self.videos and self.teacher is None:
            raise ValueError(f"teacher: none, and {self.videos[0]} is a video; name a model that labels its frames")
        return self
