"""Labelled pictures from files, divided for training and validation and streamed in batches.

`open_data` tells what kind of data set there is (`sources/`, one file a kind), over files that lie
in a folder or in a zip file (`tree`). A `Reader` makes pictures what the model takes and keeps
those that fit; a `Split` streams them in an order that seeds alone decide (`order`).
"""

from __future__ import annotations

from cnnviz.training.data.dataset import Data, open_data
from cnnviz.training.data.examples import Failure
from cnnviz.training.data.split import Batch, Split

__all__ = ["Batch", "Data", "Failure", "Split", "open_data"]
