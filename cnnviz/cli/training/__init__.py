"""The way of `cnnviz train`: its options, what is checked before, a run, a series, their results.

`making` goes the whole way: from the `options` it makes a `session` (what was asked for), and
`places` are where files go. `one` is a run with its checkpoints, `series` one for each value of a
setting; `watching` and `stopping` are what happens meanwhile, `results` what is shown and written.
"""
