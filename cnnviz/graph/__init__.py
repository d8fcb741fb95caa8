"""A network as data: named layers and what each takes; read from and written as text.

Layers are known here only by their contract: a reader is handed the function that finds a class.

>>> from cnnviz import layers
>>> from cnnviz.graph.inline import read_inline
>>> graph = read_inline("Conv2D(16, 3) Flatten() Dense(10)", layers.find, input_shape=(28, 28, 1))
>>> graph.shapes()
{'input': (28, 28, 1), 'conv1': (26, 26, 16), 'flatten': (10816,), 'dense1': (10,)}
"""

from __future__ import annotations

from cnnviz.graph.graph import INPUT, Graph, Node, chain, sequential

__all__ = ["INPUT", "Graph", "Node", "chain", "sequential"]
