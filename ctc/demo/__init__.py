"""The demo class: head-and-shoulders sequences that every machine makes the same, to the bit.

Integer arithmetic alone, from the first keyframe to the last sample; nothing here may use a float.
"""
