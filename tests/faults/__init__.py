"""Faults injected into running campaigns, and what is left of them; docs/faults.md."""
