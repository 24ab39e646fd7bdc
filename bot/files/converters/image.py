"""Pictures: upright, without metadata, scaled down, in a format that the Messages API takes."""

from __future__ import annotations

import io
from typing import cast

import pi_heif  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from bot.files.result import Limits, Picture, Problem

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "DIB", "MPO")
"""The decoders that may run: those of other formats have no use here, and had bugs."""

PIXELS_MAX = 60_000_000
"""A photo has 12 to 50 million pixels; the header is checked before anything is decoded."""

PNG_BYTES_MAX = 2_000_000
"""A larger PNG is a photo or noise, which JPEG holds in a fraction of the size."""

JPEG_QUALITY = 88


def convert(data: bytes, limits: Limits) -> Picture | Problem:
    """Return the picture, of an animation the first frame."""
    pi_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # checked below, with a result of our own
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > PIXELS_MAX:
            return Problem.TOO_LARGE
        return _picture(image, limits.image_max_edge)


def _picture(image: Image.Image, max_edge: int) -> Picture:
    animated = getattr(image, "n_frames", 1) > 1 and image.format != "MPO"
    image.draft("RGB", (max_edge, max_edge))  # JPEG alone: decodes at a fraction of the size
    if image.format != "HEIF":  # a collection opens at its primary picture, which need not be the first
        image.seek(0)
    upright = _eight_bit(ImageOps.exif_transpose(image))
    has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    flat = upright.convert("RGBA" if has_alpha else "RGB")
    flat.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS)
    lossless = image.format in ("PNG", "GIF", "BMP", "DIB") or has_alpha
    if lossless and len(encoded := _encoded(flat, "PNG")) <= PNG_BYTES_MAX:
        return Picture("image/png", encoded, flat.width, flat.height, animated)
    if has_alpha:
        white = Image.new("RGB", flat.size, "white")
        white.paste(flat, mask=flat.getchannel("A"))
        flat = white
    return Picture("image/jpeg", _encoded(flat, "JPEG"), flat.width, flat.height, animated)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return a grey picture of more than 8 bits with 8: Pillow's own conversion makes white of all above 255."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode not in ("I", "F"):
        return image
    # TIFF does not say which value is white.
    low, high = cast("tuple[float, float]", image.getextrema())
    scale = 255 / (high - low) if high > low else 1.0
    return image.point(lambda value: value * scale + -low * scale).convert("L")


def _encoded(image: Image.Image, kind: str) -> bytes:
    # A copy without `info`, so that no metadata of the original is written.
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    out = io.BytesIO()
    if kind == "PNG":
        bare.save(out, "PNG", optimize=False, compress_level=6)
    else:
        bare.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()
