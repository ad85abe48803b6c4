"""Network definitions of learned metrics; imported only when a metric runs."""
