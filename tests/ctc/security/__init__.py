"""What strangers could try: one test for each threat of docs/security.md."""
