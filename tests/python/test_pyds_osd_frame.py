"""NvOSD_Frame...Params: structs that a program fills for itself."""

from __future__ import annotations

import gc

import pytest

import pyds

KINDS = [
    ("Text", "num_strings", "text_params_list", pyds.NvOSD_TextParams),
    ("Rect", "num_rects", "rect_params_list", pyds.NvOSD_RectParams),
    ("Line", "num_lines", "line_params_list", pyds.NvOSD_LineParams),
    ("Arrow", "num_arrows", "arrow_params_list", pyds.NvOSD_ArrowParams),
    ("Circle", "num_circles", "circle_params_list", pyds.NvOSD_CircleParams),
]


@pytest.mark.parametrize(("kind", "count", "parts", "part"), KINDS, ids=[k[0] for k in KINDS])
def test_a_struct_keeps_what_it_points_at(kind: str, count: str, parts: str, part: type) -> None:
    frame = getattr(pyds, f"NvOSD_Frame{kind}Params")()
    assert (frame.buf_ptr, frame.mode, getattr(frame, count), getattr(frame, parts)) == (None, pyds.MODE_CPU, 0, None)
    own = part()
    setattr(frame, parts, own)
    setattr(frame, count, 1)
    frame.mode = pyds.MODE_GPU
    del own
    gc.collect()
    assert isinstance(getattr(frame, parts), part)
    assert (getattr(frame, count), frame.mode) == (1, pyds.MODE_GPU)
    setattr(frame, parts, None)
    assert getattr(frame, parts) is None
    assert type(frame).cast(frame) is frame


@pytest.mark.parametrize(("kind", "count", "parts", "part"), KINDS, ids=[k[0] for k in KINDS])
def test_pointers_take_their_own_kind_alone(kind: str, count: str, parts: str, part: type) -> None:
    frame = getattr(pyds, f"NvOSD_Frame{kind}Params")()
    for wrong in (1, "x", pyds.NvOSD_ColorParams(), [part()]):
        with pytest.raises(TypeError, match=rf"{parts}: expected {part.__name__} or None"):
            setattr(frame, parts, wrong)
    with pytest.raises(TypeError):
        setattr(frame, count, 0.5)
    with pytest.raises(TypeError, match="expected NvBufSurfaceParams or None"):
        frame.buf_ptr = part()
    with pytest.raises(TypeError):
        type(frame).cast(part())


def test_a_surface_may_be_named() -> None:
    surface, wanted = pyds.NvBufSurface(), pyds.NvBufSurfaceCreateParams()
    wanted.width, wanted.height, wanted.colorFormat = 64, 48, pyds.NVBUF_COLOR_FORMAT_RGBA
    assert pyds.NvBufSurfaceCreate(surface, 1, wanted) == 0
    frame = pyds.NvOSD_FrameRectParams()
    frame.buf_ptr = surface.surfaceList
    del surface
    gc.collect()
    assert frame.buf_ptr.width == 64
