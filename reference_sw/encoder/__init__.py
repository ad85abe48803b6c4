"""Non-normative encoders: analysis networks and rate-distortion decisions."""
