"""Fuzzing of every reader of untrusted bytes: `python -m tests.fuzz --help`."""

TARGET_NAMES = (
    "native-stream",
    "trace",
    "parameter-set",
    "sei-vvc",
    "sei-hevc",
    "access-units",
    "emulation-prevention",
    "parameters",
    "latents",
    "segments",
    "summary",
    "native-to-sei",
    "sei-to-native",
)
"""Names of the targets, known before the readers are imported and instrumented."""
