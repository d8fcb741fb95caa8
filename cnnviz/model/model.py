"""`Model`: a graph and what can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnnviz.errors import InputError, unknown_name
from cnnviz.files import check_bytes, open_atomic
from cnnviz.geometry import times
from cnnviz.graph import INPUT, Graph

if TYPE_CHECKING:
    from cnnviz.contract import Array, ModelWeights
    from cnnviz.images import Image
    from cnnviz.model.executor import Executor
    from cnnviz.model.preprocess import Preprocess
    from cnnviz.report.report import Report
    from cnnviz.trained.about import About

_HINT = "ask for fewer layers, or use a smaller input or a higher --max-memory"


@dataclass(frozen=True, eq=False)
class Model:
    """A network that has been loaded.

    Parameters
    ----------
    graph : Graph
        Its layers, without weights.
    weights : mapping, optional
        Arrays by node and name; without any, He-initialised ones (seed 0) stand in.
    notes : tuple of str
        How the weights were found in their file, and what is left in it.
    source : str, optional
        The file of the weights, or `in the box`.
    prepared : Preprocess, optional
        What is done to an image first, in place of what the graph says.
    """

    graph: Graph
    weights: ModelWeights | None = None
    notes: tuple[str, ...] = ()
    prepared: Preprocess | None = None
    source: str | None = None

    @property
    def name(self) -> str:
        """The graph's name."""
        return self.graph.name

    @cached_property
    def is_random(self) -> bool:
        """Whether any of its weights are random: neither trained nor named in its spec."""
        from cnnviz.model.initial import undecided

        return self.weights is None and undecided(self.graph)

    @cached_property
    def preprocess(self) -> Preprocess:
        """What is done to an image before the first node."""
        from cnnviz.model.preprocess import preprocess_for

        return preprocess_for(self.graph) if self.prepared is None else self.prepared

    @cached_property
    def executor(self) -> Executor:
        """What runs it."""
        from cnnviz.model.initial import he_weights
        from cnnviz.model.plan import Planned

        weights = he_weights(self.graph) if self.weights is None else self.weights
        return Planned(self.graph, weights)

    def preprocessed_by(self, preset: str | None = None, invert: bool = False) -> Model:
        """Return the model with other preprocessing; see `preprocess_for`."""
        from cnnviz.model.preprocess import preprocess_for

        return replace(self, prepared=preprocess_for(self.graph, preset, invert))

    def trace(
        self, image: Array | Image, *, layers: Collection[str] | None = None
    ) -> dict[str, Array]:
        """Run one image and return what nodes make of it.

        Parameters
        ----------
        image : ndarray or Image
            `(H, W)` or `(H, W, C)` of 0-255; it is preprocessed.
        layers : collection of str, optional
            The nodes to keep, all unless given; `"input"` is the preprocessed image.

        Returns
        -------
        dict
            Outputs by node, in the graph's order, float32 without a batch axis.

        Raises
        ------
        SpecError
            If a layer is unknown.
        InputError
            If the image does not fit, or the output of a node is not finite.
        RefusedError
            If the outputs are over the byte budget.

        Examples
        --------
        >>> import numpy as np
        >>> from cnnviz import load_model
        >>> model = load_model("Conv2D(kernels=['box']) MaxPool2D(2)", input_shape=(8, 8, 1))
        >>> maps = model.trace(np.full((8, 8), 255))
        >>> {name: values.shape for name, values in maps.items()}
        {'conv1': (6, 6, 1), 'pool1': (3, 3, 1)}
        """
        names = [node.name for node in self.graph.nodes]
        keep = names if layers is None else list(layers)
        for name in keep:
            if name != INPUT and name not in names:
                raise unknown_name("layer", name, names)
        outputs = self._run(self.preprocess.apply(image)[None], keep)
        return {name: values[0] for name, values in outputs.items()}

    def predict(self, image: Array | Image) -> Array:
        """Return the probabilities of the classes for one image.

        Softmax is applied unless the model ends in one, or in sigmoids.

        Parameters
        ----------
        image : ndarray or Image
            `(H, W)` or `(H, W, C)` of 0-255; it is preprocessed.

        Returns
        -------
        ndarray of float32, (classes,)

        Raises
        ------
        InputError
            If the model has no weights, or as `trace` does.
        SpecError
            If it ends in maps, not in classes.

        Examples
        --------
        >>> import numpy as np
        >>> from cnnviz import load_model
        >>> spec = "Conv2D(kernels=['sobel-x', 'sobel-y']) GlobalAveragePooling2D()"
        >>> ramp = np.tile(np.arange(28.0), (28, 1))  # brighter to the right
        >>> load_model(spec, input_shape=(28, 28, 1)).predict(ramp).argmax()
        np.int64(0)
        """
        from cnnviz.model.ending import probabilities

        self.check_predicts()
        last = self.graph.nodes[-1]
        return probabilities(last, self.trace(image, layers=[last.name])[last.name])

    def check_predicts(self) -> None:
        """Raise what `predict` would raise on any image."""
        from cnnviz.model.ending import check_classes

        if self.is_random:
            raise InputError(f"{self.name} has no weights", hint="give --weights FILE")
        last = self.graph.nodes[-1]
        check_classes(last, self.graph.shapes()[last.name])

    def forward(self, batch: Array) -> Array:
        """Return the last output for a batch that is already preprocessed.

        Parameters
        ----------
        batch : ndarray, (N, *input_shape)

        Returns
        -------
        ndarray of float32, (N, *output_shape)

        Raises
        ------
        InputError
            If the batch has another shape, or the output of a node is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> from cnnviz import load_model
        >>> model = load_model("Flatten() Dense(10)", input_shape=(28, 28, 1))
        >>> model.forward(np.zeros((5, 28, 28, 1))).shape
        (5, 10)
        """
        import numpy as np

        x = np.asarray(batch, np.float32)
        if x.shape[1:] != self.graph.input_shape or not len(x):
            wanted = times(self.graph.input_shape)
            raise InputError(f"the model takes batches of {wanted}, not {times(x.shape)}")
        last = self.graph.nodes[-1].name
        return self._run(x, [last])[last]

    def shapes(self, batch: int = 1) -> Report:
        """Return the shape report: sizes, parameters, costs and receptive fields of every node.

        Multiply-adds and activation bytes are those of `batch` images.

        >>> from cnnviz import load_model
        >>> load_model("lenet5").shapes().totals["params"]
        61706
        """
        from cnnviz.report.shapes import shapes

        return shapes(self.graph, batch)

    def receptive_field(self, layer: str, at: tuple[int, int] | None = None) -> dict[str, Any]:
        """Return what one unit of a layer sees of the input, by default the one in the middle.

        Parameters
        ----------
        layer : str
        at : (int, int), optional
            Row and column of the unit in the layer's output.

        Returns
        -------
        dict
            `receptive_field` (`size`, `stride` and `start`, as in `shapes`), and of this unit the
            `region` in rows and columns, the one behind the last excluded, `clipped` to the image,
            and the `share` of the image that this is.

        Raises
        ------
        SpecError
            If there is no such layer or unit.

        >>> from cnnviz import load_model
        >>> load_model("vgg16").receptive_field("pool5", at=(0, 0))["region"]
        {'rows': [-90, 122], 'columns': [-90, 122]}
        """
        from cnnviz.report.receptive_choice import chosen_units

        names = [node.name for node in self.graph.nodes]
        if layer not in names:
            raise unknown_name("layer", layer, names)
        (unit,) = chosen_units(self.graph, [layer], [] if at is None else [at])
        return unit.to_dict()

    def to_toml(self) -> str:
        """Return the model as the text of a spec file, to be edited and loaded again."""
        from cnnviz.graph.document import to_toml

        return to_toml(self.graph)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        about: About | None = None,
    ) -> None:
        """Write the weights to a .safetensors file, `NODE.WEIGHT` each, in our order of axes.

        Parameters
        ----------
        path : path
        overwrite : bool
        about : About, optional
            What is to be said of them in the file's metadata; where it says that kernels are
            stored for true convolution, they are.

        Raises
        ------
        InputError
            If the model has none.
        OutputError
            If the file exists (without `overwrite`) or cannot be written.
        """
        from cnnviz.arrays.archives.safetensors import write_to
        from cnnviz.arrays.contents import Tensor
        from cnnviz.model.orientation import turned
        from cnnviz.trained.about import About

        if self.weights is None:
            raise InputError(f"{self.name} has no weights to save")
        about = about or About()
        weights = turned(self.graph, self.weights) if about.is_turned else self.weights
        arrays = {f"{n}.{w}": a for n, own in weights.items() for w, a in own.items()}
        tensors = {name: Tensor(array.shape, array.dtype.name) for name, array in arrays.items()}
        metadata = about.to_metadata(self.name)
        with open_atomic(path, overwrite=overwrite) as file:
            write_to(file, tensors, lambda name: _plain(arrays[name]), metadata)

    @cached_property
    def _weight_bytes(self) -> int:
        """How many bytes the weights take while it runs, also those that are yet to be made."""
        from cnnviz.model.initial import weight_count

        if self.weights is not None:
            return sum(array.nbytes for own in self.weights.values() for array in own.values())
        return 4 * weight_count(self.graph)

    def _run(self, x: Array, keep: Collection[str]) -> dict[str, Array]:
        from cnnviz.model.executor import peak_bytes

        needed = peak_bytes(self.graph, keep, batch=len(x)) + self._weight_bytes
        check_bytes(needed, f"running {self.name}", hint=_HINT)
        return self.executor.run(x, keep)


def _plain(array: Array) -> Array:
    import numpy as np

    return np.ascontiguousarray(array)
