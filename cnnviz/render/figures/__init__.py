"""Data in, Scene out: one file a figure; blocks, panels, marks, signs and header they share."""
