"""Groups of a face enhancement layer as values of enhancement messages, and back, exactly.

Source: reference_sw/specification, clause 6.9.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from reference_sw.bitstream.code_points import GroupKind
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfve_message import EnhancementLayout, EnhancementParameters
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.decoder.face_mapping import divided, scaled_values, step_precision
from reference_sw.entropy.parameter_coder import Values

ENHANCEMENT_LAYER = 1
ENHANCEMENT_KINDS = (GroupKind.ENHANCEMENT_MATRIX, GroupKind.PUPILS)


def check_enhancement_layer(layer: int, gps: ParameterSet) -> None:
    """Refuse a layer that enhancement messages cannot express.

    Raises:
        BitstreamError: another layer than 1, groups of other kinds, pupils twice or not of 2x1x2.
    """
    groups = gps.parameter_groups
    pupils = [group for group in groups if group.kind == GroupKind.PUPILS]
    shapes = {(group.number, group.height, group.width) for group in pupils}
    if (
        layer != ENHANCEMENT_LAYER
        or not groups
        or any(group.kind not in ENHANCEMENT_KINDS for group in groups)
        or len(pupils) > 1
        or shapes - {(2, 1, 2)}
        or any(before.kind == GroupKind.PUPILS for before, _ in pairwise(groups))
    ):
        raise BitstreamError(
            f"nuh_layer_id = {layer}: only layer 0, and layer 1 with enhancement matrices and "
            "then pupils, can be converted"
        )


def enhancement_parameters(
    gps: ParameterSet, values: Sequence[Values], *, gfve_id: int, gfv_id: int, gfv_cnt: int
) -> EnhancementParameters:
    """Return the values of one message from the quantised values of one picture."""
    sizes: list[tuple[int, int]] = []
    elements: list[int] = []
    pupils: tuple[int, ...] = ()
    precision = pupil_precision = 0
    for group, coding, quantised in zip(gps.parameter_groups, gps.groups, values, strict=True):
        if group.kind == GroupKind.PUPILS:
            pupils, pupil_precision = scaled_values(quantised, coding), step_precision(coding)
        else:
            sizes += [(group.height, group.width)] * group.number
            elements += scaled_values(quantised, coding)
            precision = max(precision, step_precision(coding))
    return EnhancementParameters(
        gfve_id=gfve_id,
        gfv_id=gfv_id,
        gfv_cnt=gfv_cnt,
        base_picture=gfv_cnt == 0,
        layout=EnhancementLayout(precision, tuple(sizes)) if sizes else None,
        matrices=tuple(elements),
        pupils=pupils,
        pupil_precision=pupil_precision,
    )


def quantised_enhancement(
    gps: ParameterSet, enhancement: EnhancementParameters
) -> tuple[Values, ...]:
    """Return the quantised values of one picture from those of its message.

    Raises:
        BitstreamError: a message of another layout, or a value that is not a multiple of its step.
    """
    elements = list(enhancement.matrices)
    found: list[Values] = []
    for number, (group, coding) in enumerate(zip(gps.parameter_groups, gps.groups, strict=True)):
        if group.kind == GroupKind.PUPILS:
            taken = list(enhancement.pupils)
        else:
            taken, elements = elements[: group.size], elements[group.size :]
        if len(taken) != group.size:
            raise BitstreamError(
                f"enhancement message {enhancement.gfv_cnt}: {len(taken)} values for group "
                f"{number}, shall be {group.size}"
            )
        row = [divided(value, coding, enhancement.gfv_cnt) for value in taken]
        found.append(np.array(row, np.int64))
    return tuple(found)
