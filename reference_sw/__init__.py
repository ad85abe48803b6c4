"""Reference software for generative visual compression: normative decoder, free encoders."""
