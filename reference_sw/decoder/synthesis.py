"""From a key picture and parameters to pictures, by a normative network.

Source: specification clauses 12.3 and 12.4.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.decoder.errors import DecodingError
from reference_sw.decoder.model_check import check_model
from reference_sw.decoder.parameters import FaceParameters, Values, face_parameters
from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import IntegerModel
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import ChromaFormat, ColourModel, Picture, Plane, VideoFormat

BATCH_SAMPLES = 4 * 65_536


@dataclass(frozen=True)
class KeyState:
    """A key picture ready for synthesis.

    output: in the sequence's format, cropped; inputs: of the graph `picture`, of `key_inputs`.
    """

    output: Picture
    inputs: dict[str, torch.Tensor]
    parameters: FaceParameters | None = None


def coded_format(gps: ParameterSet) -> VideoFormat:
    """Return the sequence's format at the coded size, padding included.  Source: clause 3.3."""
    out = gps.video_format
    width, height = out.width + gps.gps_padding_right, out.height + gps.gps_padding_bottom
    return replace(out, width=width, height=height)


def key_format(gps: ParameterSet) -> VideoFormat:
    """Return the format in which key pictures are decoded."""
    key = gps.key_format
    return replace(
        coded_format(gps),
        bit_depth=key.bit_depth,
        chroma_format=key.chroma_format,
        colour=key.colour,
        matrix=key.matrix,
        full_range=bool(key.sf_full_range_flag),
    )


def network_format(video: VideoFormat) -> VideoFormat:
    """Return R, G, B at 8 bits, the format of the network's pictures."""
    return replace(
        video,
        bit_depth=8,
        chroma_format=ChromaFormat.C444,
        colour=ColourModel.RGB,
        full_range=False,
    )


def cropped(picture: Picture, video: VideoFormat) -> Picture:
    """Return the top left part of a picture that the format asks for."""
    planes: list[Plane] = []
    for plane, (height, width) in zip(picture.planes, video.plane_shapes, strict=True):
        planes.append(plane[:height, :width].copy())
    return Picture(tuple(planes))


def changed(picture: Picture, before: Picture, after: Picture, video: VideoFormat) -> Picture:
    """Return a picture plus a change, clipped; what the change leaves alone stays to the bit.

    Source: specification clause 12.3.3.
    """
    most = (1 << video.bit_depth) - 1
    planes: list[Plane] = []
    for plane, first, second in zip(picture.planes, before.planes, after.planes, strict=True):
        total = plane.astype(np.int32) + second - first
        clipped = total.clip(0, most)
        planes.append(
            clipped.astype(np.uint8) if plane.dtype == np.uint8 else clipped.astype(np.uint16)
        )
    return Picture(tuple(planes))


def key_inputs(
    model: IntegerModel, key: torch.Tensor, size: tuple[int, int]
) -> dict[str, torch.Tensor]:
    """Return what the graph `picture` takes from a decoded key picture, (N, 3, H, W), 0..255.

    `key` is the restored picture where the model restores. Source: specification clause 12.3.1.
    """
    found = dict(model.run("key", {"key": key}, size))
    return {"key": found.pop("restored", key), **found}


class FaceSynthesis:
    """The network of one parameter set, and the formats around it."""

    def __init__(self, gps: ParameterSet, model: IntegerModel) -> None:
        check_model(gps, model)
        self._gps = gps
        self._coded = coded_format(gps)
        self._key = key_format(gps)
        self._rgb = network_format(self._coded)
        self._output = gps.video_format
        self._model = model
        with _as_decoding_error(model):
            model.check_picture("picture", "output")
            if "restored" in model.outputs("key"):
                model.check_picture("key", "restored")
        samples = self._coded.width * self._coded.height
        self.batch = max(1, BATCH_SAMPLES // samples)

    @property
    def _size(self) -> tuple[int, int]:
        return self._coded.height, self._coded.width

    def key_state(self, decoded: Picture) -> KeyState:
        """Return the state of a key picture as its own decoder gave it."""
        at_output = convert_picture(decoded, self._key, self._coded)
        rgb = convert_picture(at_output, self._coded, self._rgb)
        tensor = torch.from_numpy(np.stack(rgb.planes)[None].astype(np.int32))
        with _as_decoding_error(self._model):
            inputs = key_inputs(self._model, tensor, self._size)
        if inputs["key"] is not tensor:
            after = self._from_rgb(inputs["key"][0].to(torch.uint8).numpy())
            before = convert_picture(rgb, self._rgb, self._coded)
            at_output = changed(at_output, before, after, self._coded)
        return KeyState(cropped(at_output, self._output), inputs)

    def with_parameters(self, key: KeyState, coded: tuple[Values, ...]) -> KeyState:
        """Return the key picture's state with its own parameters, given as coded values."""
        return replace(key, parameters=face_parameters(self._gps, coded))

    def pictures(self, key: KeyState, coded: list[tuple[Values, ...]]) -> list[Picture]:
        """Return the pictures of these coded values, in order, in the sequence's format.

        A picture whose parameters all equal the key picture's is the key picture itself.
        Source: specification clause 12.2.4.
        """
        own = key.parameters
        if own is None:
            raise DecodingError("a picture comes before the parameters of its key picture")
        parameters = [face_parameters(self._gps, values) for values in coded]
        found: dict[int, Picture] = {}
        moved = [i for i, p in enumerate(parameters) if not p.same_as(own)]
        for start in range(0, len(moved), self.batch):
            part = moved[start : start + self.batch]
            made = self._moved(key, own, [parameters[i] for i in part])
            found |= dict(zip(part, made, strict=True))
        return [found.get(i, key.output) for i in range(len(parameters))]

    def _moved(
        self, key: KeyState, own: FaceParameters, parameters: list[FaceParameters]
    ) -> list[Picture]:
        count = len(parameters)
        inputs = {name: value.expand(count, -1, -1, -1) for name, value in key.inputs.items()}
        for prefix, each in (("key_", [own] * count), ("", parameters)):
            for name in own.tensors:
                rows = np.stack([p.tensors[name] for p in each])
                inputs[f"{prefix}{name}"] = torch.from_numpy(rows.astype(np.int32))
        with _as_decoding_error(self._model):
            made = self._model.run("picture", inputs, self._size)["output"]
        output = made.to(torch.uint8).numpy()
        return [cropped(self._from_rgb(planes), self._output) for planes in output]

    def _from_rgb(self, planes: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Picture:
        picture = Picture(tuple(np.ascontiguousarray(plane) for plane in planes))
        return convert_picture(picture, self._rgb, self._coded)


@contextlib.contextmanager
def _as_decoding_error(model: IntegerModel) -> Iterator[None]:
    try:
        yield
    except ModelError as problem:
        raise DecodingError(f"model {model.name}: {problem}") from problem
