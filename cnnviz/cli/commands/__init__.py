"""The commands, one file each: `shapes.py` is `cnnviz shapes`. Nothing here lists them."""
