"""What every layer must be, one file a family, each with its `CASES`."""
