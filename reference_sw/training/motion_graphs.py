"""The part of the graph `picture` that finds the motion, family by family."""

from __future__ import annotations

import numpy as np

from reference_sw.decoder.parameters import UNITS
from reference_sw.encoder.feature_motion import COARSE_SHIFT, FeatureMotion
from reference_sw.encoder.keypoint_motion import HEAT_VARIANCE, KeypointMotion
from reference_sw.encoder.motion_network import MOTION_GRID, MotionNetwork
from reference_sw.encoder.quantised_layers import SCALE
from reference_sw.training.graph_builder import GraphBuilder, Item, Tensors, graph_input

HEAT_PEAK_BITS = 11
GRID = f"{MOTION_GRID}x{MOTION_GRID}"


def keypoint_tables() -> Tensors:
    """Integer tables: soft-max weights, heat along one axis."""
    distance = (np.arange(192) + 0.5) * 32 / 8192
    heat = np.exp(-(distance**2) / (2 * HEAT_VARIANCE)) * (1 << HEAT_PEAK_BITS)
    tables = {"exponential": np.exp(-np.arange(2048) / SCALE) * 65535, "heat": heat}
    return {name: np.floor(t + 0.5).astype(np.uint16) for name, t in tables.items()}


def keypoint_inputs(net: KeypointMotion) -> Item:
    """Declarations of the parameters of the key picture and of the current one."""
    shapes = {"points": (2 * net.num_points, "1x1"), "matrices": (4 * net.num_points, "1x1")}
    return _twice(shapes)


def feature_inputs(net: FeatureMotion) -> Item:
    """Declarations of the grids of the key picture and of the current one."""
    channels, rows, columns = net.shape
    return _twice({"features": (channels, f"{columns}x{rows}")})


def _twice(shapes: dict[str, tuple[int, str]]) -> Item:
    found = {}
    for prefix in ("key_", ""):
        for name, (channels, extent) in shapes.items():
            limit = UNITS[name].limit
            found[f"{prefix}{name}"] = graph_input(channels, extent, -limit, limit)
    return found


def _u_net(b: GraphBuilder, net: MotionNetwork, x: str) -> tuple[str, str]:
    """Names of features and head."""
    s0 = b.conv("motion.enter", net.enter, x)
    s1 = b.conv("motion.down1", net.down1, b.down(s0))
    s2 = b.conv("motion.down2", net.down2, b.down(s1))
    y = b.conv("motion.down3", net.down3, b.down(s2))
    y = b.conv("motion.up3", net.up3, b.up(y), s2)
    y = b.conv("motion.up2", net.up2, b.up(y), s1)
    features = b.conv("motion.up1", net.up1, b.up(y), s0)
    return features, b.conv("motion.head", net.head, features)


def _corrected(b: GraphBuilder, flow: str, head: str, first: int) -> tuple[str, str]:
    """Names of the displacement, with the head's correction, and of the occlusion weights."""
    extra = b.add("channels", [head], "flow.head", first=first, count=2)
    doubled = b.add("add", [extra, extra], "flow.correction")
    flow = b.add("add", [flow, doubled], "flow")
    logit = b.add("channels", [head], "occlusion.logit", first=first + 2, count=1)
    return flow, b.add("table", [logit], "occlusion", first=-1024, table="occlusion")


def keypoint_motion(b: GraphBuilder, net: KeypointMotion) -> tuple[str, str, str]:
    """Names of displacement, occlusion weights and features."""
    count = net.num_points
    parameters = ["key_points", "key_matrices", "points", "matrices"]
    candidates = b.add("affine_motion", parameters, "candidates", extent=GRID)
    warped = b.add("warp", ["small", candidates], "candidates.warped")
    heat = b.add(
        "heat_difference",
        ["points", "key_points"],
        "heat",
        table="heat",
        shift=2 * HEAT_PEAK_BITS - 7,
        extent=GRID,
    )
    features, head = _u_net(b, net, b.add("concat", [warped, heat], "motion.in"))
    logits = b.add("channels", [head], "logits", first=0, count=count + 1)
    flow = b.add("mix_motion", [logits, candidates], "flow.mixed", table="exponential")
    return *_corrected(b, flow, head, count + 1), features


def feature_motion(b: GraphBuilder, net: FeatureMotion) -> tuple[str, str, str]:
    """Names of displacement, occlusion weights and features."""
    x = b.add("concat", ["key_features", "features"], "code.grids")
    y = b.conv("motion.code_in", net.code_in, x)
    y = b.conv("motion.code2", net.code2, b.conv("motion.code1", net.code1, y), y)
    y = b.conv("motion.code3", net.code3, b.up(y))
    code = b.conv("motion.code4", net.code4, b.up(y))
    coarse = b.conv("motion.coarse", net.coarse, code)
    # From 1 / 128 of 2^-COARSE_SHIFT half pictures to 2^-13 of a half picture.
    for i in range(13 - 7 - COARSE_SHIFT):
        coarse = b.add("add", [coarse, coarse], f"coarse.doubled{i}")
    coarse = b.add("bilinear_resize", [coarse], "coarse", extent=GRID)
    code = b.add("bilinear_resize", [code], "code", extent=GRID)
    moved = b.add("warp", ["small", coarse], "small.moved")
    features, head = _u_net(b, net, b.add("concat", ["small", moved, code], "motion.in"))
    return *_corrected(b, coarse, head, 0), features


def motion_inputs(net: KeypointMotion | FeatureMotion) -> Item:
    """Declarations of the parameters that the family's graph takes."""
    return feature_inputs(net) if isinstance(net, FeatureMotion) else keypoint_inputs(net)


def motion_tables(net: KeypointMotion | FeatureMotion) -> Tensors:
    """Integer tables that the family's graph needs."""
    return {} if isinstance(net, FeatureMotion) else keypoint_tables()


def motion_operators(b: GraphBuilder, net: KeypointMotion | FeatureMotion) -> tuple[str, str, str]:
    """Adds the family's operators; names of displacement, occlusion weights and features."""
    if isinstance(net, FeatureMotion):
        return feature_motion(b, net)
    return keypoint_motion(b, net)
