"""Rows of plain data about networks and images: no drawing."""
