"""Non-normative training of networks and their export to integer model files."""
