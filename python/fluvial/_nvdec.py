"""What the video decoders of an NVIDIA GPU can, as the driver's own library (NVCUVID) says it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

__all__ = ["Decoder", "decoders"]

_CODECS = {
    1: "MPEG-2",
    2: "MPEG-4",
    4: "H.264",
    8: "H.265",
    9: "VP8",
    10: "VP9",
    11: "AV1",
    5: "JPEG",
}  # cudaVideoCodec
_420 = 1  # cudaVideoChromaFormat
_DEPTHS = (8, 10, 12)


class _Caps(ctypes.Structure):
    """CUVIDDECODECAPS."""

    _fields_ = (
        ("codec", ctypes.c_int),
        ("chroma", ctypes.c_int),
        ("more_bits", ctypes.c_uint),
        ("reserved", ctypes.c_uint * 3),
        ("is_supported", ctypes.c_ubyte),
        ("engines", ctypes.c_ubyte),
        ("outputs", ctypes.c_ushort),
        ("most_width", ctypes.c_uint),
        ("most_height", ctypes.c_uint),
        ("most_blocks", ctypes.c_uint),
        ("least_width", ctypes.c_ushort),
        ("least_height", ctypes.c_ushort),
        ("histogram", ctypes.c_ubyte * 2),
        ("most_bins", ctypes.c_ushort),
        ("reserved_too", ctypes.c_uint * 10),
    )


@dataclass(frozen=True)
class Decoder:
    """One codec that the GPU decodes, with 4:2:0 pictures.

    Attributes:
        codec: Its name.
        bits: Of a sample, each of which it takes.
        engines: How many decoders of the chip do it at a time.
        most: Width and height of the largest picture.
    """

    codec: str
    bits: tuple[int, ...]
    engines: int
    most: tuple[int, int]


def decoders(ordinal: int) -> list[Decoder]:
    """What the GPU of this number decodes.

    Raises:
        OSError: The driver, or its library for decoding, is not on this machine or does not answer.
    """
    driver: Any = ctypes.CDLL("libcuda.so.1")
    library: Any = ctypes.CDLL("libnvcuvid.so.1")
    device, context = ctypes.c_int(), ctypes.c_void_p()
    _must(driver.cuInit(0), "cuInit")
    _must(driver.cuDeviceGet(ctypes.byref(device), ordinal), "cuDeviceGet")
    _must(driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device), "cuDevicePrimaryCtxRetain")
    try:
        _must(driver.cuCtxPushCurrent_v2(context), "cuCtxPushCurrent")
        found = [_decoder(library, codec, name) for codec, name in _CODECS.items()]
        driver.cuCtxPopCurrent_v2(ctypes.byref(context))
    finally:
        driver.cuDevicePrimaryCtxRelease_v2(device)
    return [one for one in found if one is not None]


def _decoder(library: Any, codec: int, name: str) -> Decoder | None:
    asked = [_Caps(codec=codec, chroma=_420, more_bits=bits - _DEPTHS[0]) for bits in _DEPTHS]
    usable = [c for c in asked if library.cuvidGetDecoderCaps(ctypes.byref(c)) == 0 and c.is_supported]
    if not usable:
        return None
    bits = tuple(c.more_bits + _DEPTHS[0] for c in usable)
    return Decoder(name, bits, usable[0].engines, (usable[0].most_width, usable[0].most_height))


def _must(result: int, call: str) -> None:
    if result != 0:
        raise OSError(f"{call} fails with error {result}")
