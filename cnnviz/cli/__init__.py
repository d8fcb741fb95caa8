"""The command line: reads, calls one function, renders, writes."""
