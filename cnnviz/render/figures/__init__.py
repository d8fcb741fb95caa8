"""Data in, Scene out: one file a figure; `blocks` and `marks` are what they share."""
