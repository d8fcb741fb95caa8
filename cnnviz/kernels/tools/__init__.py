"""The kernels of other tools, one file a tool, in the order in which they answer `conv2d`."""
