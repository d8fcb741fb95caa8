"""A `Report` as text, one file a format."""
