"""Conversion of a picture from one format to another: colour, chroma format, bit depth.

The steps, each exact and each left out when it changes nothing: bit depth up to the larger of the
two; chroma to 4:4:4 and matrix, if colour changes; chroma format; bit depth down. The one
exception is 8-bit RGB to or from 8-bit BT.601 limited 4:2:0, which follows OpenCV's I420 as the
GFVC common software does (opencv_i420.py).

Source: ctc/conditions/conditions.md, clauses 3.3 and 3.4.
"""

from __future__ import annotations

from dataclasses import replace

from reference_sw.video import colour, opencv_i420
from reference_sw.video.bit_depth import picture_at_depth
from reference_sw.video.chroma import ChromaSiting, resample_chroma
from reference_sw.video.format import (
    ChromaFormat,
    ColourModel,
    Matrix,
    Picture,
    VideoFormat,
    VideoFormatError,
)

# A change of any exact conversion is a change of results and of this number.
CONVERSION_VERSION = 1


def convert_picture(
    picture: Picture,
    source: VideoFormat,
    target: VideoFormat,
    siting: ChromaSiting = ChromaSiting.LEFT,
) -> Picture:
    """Return the picture, of format `source`, in format `target`.

    Raises:
        VideoFormatError: the sizes differ (scaling is resize.py's), or a plane does not fit.
    """
    if (source.width, source.height) != (target.width, target.height):
        raise VideoFormatError(
            f"{source.width}x{source.height} to {target.width}x{target.height}: "
            "conversion does not scale"
        )
    if _is_i420_of_opencv(source, target):
        to_i420 = target.colour is ColourModel.YCBCR
        return opencv_i420.rgb_to_i420(picture) if to_i420 else opencv_i420.i420_to_rgb(picture)
    depth = max(source.bit_depth, target.bit_depth)
    picture = picture_at_depth(picture, source, depth)
    now = replace(source, bit_depth=depth)
    if not _same_colour(source, target):
        picture, now = _change_colour(picture, now, target, siting)
    picture = resample_chroma(picture, now.chroma_format, target.chroma_format, depth, siting)
    return picture_at_depth(picture, now, target.bit_depth)


def _same_colour(source: VideoFormat, target: VideoFormat) -> bool:
    if source.colour is not target.colour:
        return False
    return source.colour is ColourModel.RGB or (source.matrix, source.full_range) == (
        target.matrix,
        target.full_range,
    )


def _change_colour(
    picture: Picture, source: VideoFormat, target: VideoFormat, siting: ChromaSiting
) -> tuple[Picture, VideoFormat]:
    """Return the picture as 4:4:4 of the target's colour, at the source's bit depth."""
    full = ChromaFormat.C444
    if source.colour is ColourModel.YCBCR:
        picture = resample_chroma(picture, source.chroma_format, full, source.bit_depth, siting)
        picture = colour.ycbcr_to_rgb(picture, source)
    now = replace(target, bit_depth=source.bit_depth, chroma_format=full)
    if target.colour is ColourModel.YCBCR:
        picture = colour.rgb_to_ycbcr(picture, now)
    return picture, now


def _is_i420_of_opencv(source: VideoFormat, target: VideoFormat) -> bool:
    pair = {source.colour: source, target.colour: target}
    rgb, ycbcr = pair.get(ColourModel.RGB), pair.get(ColourModel.YCBCR)
    return (
        rgb is not None
        and ycbcr is not None
        and rgb.bit_depth == ycbcr.bit_depth == 8
        and ycbcr.chroma_format is ChromaFormat.C420
        and ycbcr.matrix is Matrix.BT601
        and not ycbcr.full_range
        and rgb.width % 2 == rgb.height % 2 == 0
    )
