"""The twins are no tests, and cannot be imported where there is no PyTorch."""

collect_ignore_glob = ["*.py"]
