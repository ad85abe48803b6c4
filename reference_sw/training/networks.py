"""The networks of a recipe."""

from __future__ import annotations

from reference_sw.encoder.analysis import FeatureAnalysis, KeypointDetector
from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.feature_motion import FeatureMotion
from reference_sw.encoder.twin import FaceTwin, keypoint_twin
from reference_sw.training.recipe import Network


def new_networks(network: Network) -> tuple[AnalysisNetwork, FaceTwin]:
    """Untrained analysis network and twin of the family."""
    if not network.channels:
        detector = KeypointDetector(network.num_points, network.matrices)
        return detector, keypoint_twin(network.num_points, network.width, network.low, network.high)
    analysis = FeatureAnalysis(network.channels, network.num_points)
    motion = FeatureMotion(*analysis.shape, network.width)
    return analysis, FaceTwin(motion, network.low, network.high)
