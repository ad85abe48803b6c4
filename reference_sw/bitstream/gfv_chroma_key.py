"""The chroma key part of generative_face_video( ), in both generations of the syntax.

Source: reference_sw/specification, clauses 6.3 and 6.4.2.
"""

from __future__ import annotations

from reference_sw.bitstream.gfv_elements import GfvElements
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.syntax import SyntaxCoder

DEFAULT_VALUES = (50, 220, 100)
DEFAULT_THRESHOLDS = (48, 75)


def chroma_key_info(c: SyntaxCoder, gfv: GfvElements, generation: SeiGeneration) -> None:
    """Clause 6.4.2; base pictures only."""
    c.flag(gfv, "gfv_chroma_key_info_present_flag")
    if not gfv.gfv_chroma_key_info_present_flag:
        return
    if generation == SeiGeneration.VTM_23_12:
        c.ue(gfv, "gfv_chroma_key_purpose_idc", max=2)
    for component in range(3):
        c.flag(gfv, "gfv_chroma_key_value_present_flag", component)
        if gfv.gfv_chroma_key_value_present_flag[component,]:
            c.u(8, gfv, "gfv_chroma_key_value", component)
    if generation == SeiGeneration.VTM_23_12:
        _thresholds(c, gfv)
    else:
        for i in range(2):
            c.flag(gfv, "gfv_chroma_key_thr_present_flag", i)
            if gfv.gfv_chroma_key_thr_present_flag[i,]:
                c.ue(gfv, "gfv_chroma_key_thr_value", i)


def _thresholds(c: SyntaxCoder, gfv: GfvElements) -> None:
    c.flag(gfv, "gfv_chroma_key_thr_present_flag", 0)
    if gfv.gfv_chroma_key_thr_present_flag[0,]:
        c.u(8, gfv, "gfv_chroma_key_thr_lower")
        c.ue(gfv, "gfv_chroma_key_thr_upper_delta_minus1", max=255)
    else:
        c.infer(gfv, "gfv_chroma_key_thr_lower", DEFAULT_THRESHOLDS[0])
        upper_delta = DEFAULT_THRESHOLDS[1] - DEFAULT_THRESHOLDS[0]
        c.infer(gfv, "gfv_chroma_key_thr_upper_delta_minus1", upper_delta - 1)


def chroma_key_values(gfv: GfvElements) -> tuple[int | None, int | None, int | None]:
    """Return the key value of each component: (50, 220, 100) when none is present.

    A component without a value while another has one is None: it takes no part in the key.
    Source: clause 6.5.1.
    """
    present = gfv.gfv_chroma_key_value_present_flag
    if not any(present.values()):
        return DEFAULT_VALUES
    first, second, third = (gfv.gfv_chroma_key_value.get((i,)) for i in range(3))
    return first, second, third
