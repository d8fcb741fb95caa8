"""The named signals; each file has `SIGNALS`, a tuple of `Entry`, and needs no list."""
