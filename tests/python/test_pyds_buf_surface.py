"""NvBufSurface: batches of surfaces that a program makes for itself."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import pyds
from fluvial.errors import StaleMetadataError


def wanted(**fields: object) -> pyds.NvBufSurfaceCreateParams:
    params = pyds.NvBufSurfaceCreateParams()
    params.width, params.height = 64, 48
    params.colorFormat = pyds.NVBUF_COLOR_FORMAT_RGBA
    params.memType = pyds.NVBUF_MEM_SYSTEM
    for name, value in fields.items():
        setattr(params, name, value)
    return params


def created(count: int = 1, **fields: object) -> pyds.NvBufSurface:
    surface = pyds.NvBufSurface()
    assert pyds.NvBufSurfaceCreate(surface, count, wanted(**fields)) == 0
    return surface


def first_row(surface: pyds.NvBufSurface, plane: int = 0) -> list[int]:
    address = int(surface.surfaceList.mappedAddr.addr[plane])
    return list((ctypes.c_uint8 * 8).from_address(address))


def test_surfaces_are_made_and_described() -> None:
    surface = created(3)
    assert (surface.batchSize, surface.memType, surface.gpuId) == (3, pyds.NVBUF_MEM_SYSTEM, 0)
    first = surface.surfaceList
    assert (first.width, first.height, first.colorFormat) == (64, 48, pyds.NVBUF_COLOR_FORMAT_RGBA)
    assert first.pitch >= 256
    assert first.dataSize == first.pitch * 48
    assert first.layout == pyds.NVBUF_LAYOUT_PITCH
    assert pyds.get_ptr(first.dataPtr) == int(first.mappedAddr.addr[0])
    assert first.mappedAddr.eglImage is None
    planes = first.planeParams
    assert planes.num_planes == 1
    assert (list(planes.width), list(planes.bytesPerPix)) == ([64, 0, 0, 0], [4, 0, 0, 0])
    assert planes.pitch.dtype == np.int32
    assert pyds.glist_get_nvds_Surface_Params(first) is first


def test_planes_are_filled_and_copied() -> None:
    one, other = created(colorFormat=pyds.NVBUF_COLOR_FORMAT_NV12), created(colorFormat=pyds.NVBUF_COLOR_FORMAT_NV12)
    assert pyds.NvBufSurfaceMemSet(one, 0, 0, 7) == 0
    assert pyds.NvBufSurfaceMemSet(one, -1, 1, 9) == 0
    assert pyds.NvBufSurfaceCopy(one, other) == 0
    for surface in (one, other):
        assert pyds.NvBufSurfaceMap(surface, -1, -1, pyds.NVBUF_MAP_READ) == 0
        assert pyds.NvBufSurfaceSyncForCpu(surface, -1, -1) == 0
    assert first_row(other) == [7] * 8
    assert first_row(other, 1) == [9] * 8
    assert pyds.NvBufSurfaceSyncForDevice(one, 0, 0) == 0
    assert pyds.NvBufSurfaceUnMap(one, 0, -1) == 0


def test_what_is_not_there_gives_minus_one() -> None:
    surface = created(2)
    for index, plane in ((2, 0), (-2, 0), (0, 1), (0, -2)):
        assert pyds.NvBufSurfaceMap(surface, index, plane, pyds.NVBUF_MAP_READ_WRITE) == -1
        assert pyds.NvBufSurfaceMemSet(surface, index, plane, 1) == -1
        assert pyds.NvBufSurfaceUnMap(surface, index, plane) == -1
        assert pyds.NvBufSurfaceSyncForCpu(surface, index, plane) == -1
        assert pyds.NvBufSurfaceSyncForDevice(surface, index, plane) == -1
    assert pyds.NvBufSurfaceCopy(surface, created(1)) == -1
    assert pyds.NvBufSurfaceCopy(surface, created(2, width=32)) == -1
    assert pyds.NvBufSurfaceMapEglImage(surface, 0) == -1
    assert pyds.NvBufSurfaceFromFd(3, None) == -1
    empty = pyds.NvBufSurface()
    assert pyds.NvBufSurfaceCreate(empty, 1, wanted(colorFormat=pyds.NVBUF_COLOR_FORMAT_YUV444)) == -1
    assert pyds.NvBufSurfaceCreate(empty, 1, wanted(memType=pyds.NVBUF_MEM_HANDLE)) == -1
    assert empty.surfaceList is None


def test_a_surface_without_surfaces_says_how_to_make_some() -> None:
    empty = pyds.NvBufSurface()
    calls = [
        lambda: pyds.NvBufSurfaceDestroy(empty),
        lambda: pyds.NvBufSurfaceMap(empty, 0, 0, pyds.NVBUF_MAP_READ),
        lambda: pyds.NvBufSurfaceUnMap(empty, 0, 0),
        lambda: pyds.NvBufSurfaceCopy(empty, empty),
        lambda: pyds.NvBufSurfaceMemSet(empty, 0, 0, 0),
        lambda: pyds.NvBufSurfaceMapEglImage(empty, 0),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"has no surfaces: NvBufSurfaceCreate\(surf, batchSize, params\)"):
            call()


@pytest.mark.parametrize(
    ("count", "fields"),
    [(0, {}), (-1, {}), (1025, {}), (1, {"width": 99999}), (9, {"width": 8192, "height": 8192})],
)
def test_sizes_have_a_bound(count: int, fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=rf"^{count} surfaces of \d+x\d+: 1\.\.1024 of at most 16384 pixels a side"):
        pyds.NvBufSurfaceCreate(pyds.NvBufSurface(), count, wanted(**fields))


def test_arguments_of_the_wrong_kind_are_refused() -> None:
    surface = created()
    with pytest.raises(ValueError, match="has surfaces already"):
        pyds.NvBufSurfaceCreate(surface, 1, wanted())
    with pytest.raises(TypeError, match="NvBufSurfaceMemMapFlags"):
        pyds.NvBufSurfaceMap(surface, 0, 0, 1)
    with pytest.raises(TypeError):
        pyds.NvBufSurfaceMap(None, 0, 0, pyds.NVBUF_MAP_READ)
    with pytest.raises(TypeError):
        pyds.NvBufSurfaceMemSet(surface, 0, 0, 256)
    with pytest.raises(TypeError):
        pyds.NvBufSurface.cast(pyds.NvDsObjectMeta())


def test_what_the_functions_go_by_cannot_be_changed() -> None:
    params = created().surfaceList
    for name in ("width", "pitch", "colorFormat", "dataPtr", "planeParams", "mappedAddr"):
        with pytest.raises(AttributeError):
            setattr(params, name, 1)
    with pytest.raises(AttributeError):
        params.planeParams.num_planes = 4
    with pytest.raises(ValueError, match="read-only"):
        params.planeParams.pitch[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        params.mappedAddr.addr[0] = 1


def test_parts_of_a_destroyed_surface_are_stale() -> None:
    surface = created()
    params = surface.surfaceList
    planes, numbers = params.planeParams, params.planeParams.width
    assert pyds.NvBufSurfaceDestroy(surface) == 0
    assert (surface.batchSize, surface.surfaceList) == (0, None)
    for use in (lambda: params.width, lambda: planes.num_planes):
        with pytest.raises(StaleMetadataError, match="its memory was freed"):
            use()
    assert list(numbers) == [64, 0, 0, 0]
    with pytest.raises(ValueError, match="has no surfaces"):
        pyds.NvBufSurfaceDestroy(surface)
    assert pyds.NvBufSurfaceCreate(surface, 2, wanted()) == 0


def test_a_part_keeps_a_forgotten_surface() -> None:
    params = created().surfaceList
    assert params.width == 64
    for _ in range(1000):
        created(width=512, height=512)
