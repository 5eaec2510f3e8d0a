"""How pictures are written for a model on a GPU: in its own type and order, by the kernel itself. On fake GPUs, which
run that kernel on the host, and compared with what the same model gets on the CPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow  # every test starts a program

# The model's input, as it describes it and as it asks for it, and the picture that it gets on the device "CPU".
FEEDING = """
import dataclasses
import numpy as np
from on_fake_gpu import SIZE, seen_on_host
from fluvial import _core
from fluvial.backends import Model, Ready, Tensor
N, C = (-1, SIZE, SIZE, 3), (-1, 3, SIZE, SIZE)
class Fed(OnGpu):
    def __init__(self, kind, shape, feed=None, device=0):
        super().__init__()
        self.kind, self.shape, self.feed, self.device = kind, shape, feed, device
        self.pictures, self.is_open = [], None
    def describe(self):
        return Model((Tensor("pictures", self.kind, self.shape),), (Tensor("rows", "f32", (-1, 10, 6)),))
    def compile(self, plan):
        self.is_open = plan.is_feed_open
        feed = self.feed and dataclasses.replace(self.feed, shape=(plan.batch, *self.feed.shape[1:]))
        return Ready("fed", cuda_device=self.device, feed=feed)
    def infer(self, inputs):
        self.pictures.append(inputs["pictures"].copy())
        return {"rows": np.zeros((1, 10, 6), np.float32)}
    def infer_on_device(self, inputs, units, stream):
        self.pictures.append(seen_on_host(inputs["pictures"]))
        return super().infer_on_device(inputs, units, stream)
def seen(model):
    settings = {**HEAD, "net_scale_factor": 1 / 255}
    fv.Flow("test://?frames=1&width=200&height=120").infer(model, device="cuda", **settings).run()
    return model.pictures[-1]
def compare(there):
    here = seen(Fed("f32", C, device=-1))
    print(there.dtype, there.shape, _core.gpu_traffic()["downloaded"])
    apart = np.abs((there.transpose(0, 3, 1, 2) if there.shape[-1] == 3 else there).astype(np.float32) - here)
    print("contrast", here.max() - here.min() > 0.9, "apart", apart.max() < 0.001)
"""


def fed(say: Callable[..., str], model: str) -> list[str]:
    return say(f"{FEEDING}compare(seen({model}))", FAKE_GPU_RUNS="pictures_to_tensor").splitlines()[-3:-1]


@pytest.mark.parametrize(
    ("model", "comes"),
    [
        ('Fed("f32", C)', "float32 (1, 3, 64, 64) 0"),
        ('Fed("f16", C)', "float16 (1, 3, 64, 64) 0"),
        ('Fed("f32", N)', "float32 (1, 64, 64, 3) 0"),
        ('Fed("f16", N)', "float16 (1, 64, 64, 3) 0"),
        ('Fed("f32", C, Tensor("pictures", "f16", N))', "float16 (1, 64, 64, 3) 0"),
        ('Fed("f32", C, Tensor("pictures", "f32", N))', "float32 (1, 64, 64, 3) 0"),
        ('Fed("f16", N, Tensor("pictures", "f32", C))', "float32 (1, 3, 64, 64) 0"),
        ('Fed("f32", C, Tensor("pictures", "f16", N), device=-1)', "float16 (1, 64, 64, 3) 0"),  # on the host too
    ],
)
def test_a_model_gets_its_pictures_as_it_describes_them_or_asks_for_them(
    say: Callable[..., str], model: str, comes: str
) -> None:
    assert fed(say, model) == [comes, "contrast True apart True"]


@pytest.mark.parametrize(
    ("feed", "says"),
    [
        ('Tensor("picture", "f16", N)', "no input has this name; did you mean 'pictures'?"),
        ('Tensor("pictures", "u8", N)', "pictures are written as f32 or f16"),
        (
            'Tensor("pictures", "f16", (-1, 3, 32, SIZE))',
            "(1, 3, 64, 64) was described, which may come in the other order of channels",
        ),
    ],
)
def test_a_feed_that_cannot_be_is_told(say: Callable[..., str], feed: str, says: str) -> None:
    body = f"""
try:
    seen(Fed("f32", C, {feed}))
except fv.ModelError as e:
    print(e)
"""
    assert says in say(FEEDING + body)
