"""Whether a model takes the parameters that a parameter set announces.

Source: specification clause 12.3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reference_sw.bitstream.code_points import CodecFamily
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.decoder.errors import DecodingError
from reference_sw.decoder.parameters import UNITS, face_parameters
from reference_sw.network.runtime import IntegerModel


def check_model(gps: ParameterSet, model: IntegerModel) -> None:
    """Raise DecodingError unless the inputs of the graph `picture` are those of the family."""
    zeros = tuple(np.zeros(group.size, np.int64) for group in gps.parameter_groups)
    given = {name: tensor.shape for name, tensor in face_parameters(gps, zeros).tensors.items()}
    compiled = model.graphs.get("picture")
    if compiled is None:
        raise DecodingError(f"model {model.name}: no graph 'picture'")
    taken = {}
    for name in UNITS:
        for declared in (f"key_{name}", name):
            info = compiled.graph.inputs.get(declared)
            if info is not None:
                taken[declared] = (info.channels, info.extent.height, info.extent.width)
    wanted = {f"{prefix}{name}": shape for name, shape in given.items() for prefix in ("key_", "")}
    if taken != wanted:
        family = CodecFamily(gps.gps_codec_family).name
        raise DecodingError(
            f"model {model.name} takes {_listed(taken)}; family {family} gives {_listed(wanted)}"
        )


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Names with shapes, those of the key picture left out where the others say the same."""
    shown = {
        name: shape
        for name, shape in shapes.items()
        if shapes.get(name.removeprefix("key_"), ()) != shape or not name.startswith("key_")
    }
    texts = [f"{name} ({' x '.join(map(str, shape))})" for name, shape in shown.items()]
    return ", ".join(texts) or "no parameters"
