"""Cards of conventional codecs, and the readers of their logs."""
