"""What training runs on a part of a batch with its images innermost, `(C, ..., N)`.

Channels and images have changed places: `x.swapaxes(0, -1)` of what all other ops take. Lines are
long whatever the number of channels, and a channel lies in one run of memory.
"""
