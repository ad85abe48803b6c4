"""Names of figures of a whole set of sequences, and those that cannot be given."""

from __future__ import annotations

# What is measured of each pair for them (ctc.metrics.set_features).
SET_FEATURES = "set-features"
SET_FIGURES = ("frechet-squeezenet", "kernel-squeezenet", "frechet-video-squeezenet")
# Figures that readers look for; given under these names they would be taken for the published ones.
NOT_AVAILABLE = {
    "fid": "is defined on the Inception-v3 network, which this software does not have",
    "kid": "is defined on the Inception-v3 network, which this software does not have",
    "fvd": "is defined on the I3D network (Kinetics-400), which this software does not have",
}
SET_WARNING = (
    "a figure of the whole set on SqueezeNet features: not comparable with FID, KID or FVD, "
    "not for single sequences, biased in small sets"
)
