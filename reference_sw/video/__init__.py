"""Raw video: formats, exact reading and writing, colour conversion in integers."""
