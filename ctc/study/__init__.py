"""Which metric to believe: how metrics rank known distortions of talking-head sequences."""
