"""What is done to an image before the first node: a spec's `[preprocess]` table, or a preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cnnviz.errors import InputError, SpecError, bounded, unknown_name
from cnnviz.files import check_bytes
from cnnviz.geometry import Shape, times

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.graph import Graph
    from cnnviz.images import Image

PRESETS: dict[str, dict[str, Any]] = {
    "imagenet": {"scale": 1 / 255, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    "caffe": {"channels": "bgr", "mean": (103.939, 116.779, 123.68)},
    "tf": {"scale": 1 / 127.5, "mean": 1.0},
    "none": {},
}
_MARGIN = 256 / 224  # of the first three: the centre of a slightly larger picture is taken


@dataclass(frozen=True)
class Preprocess:
    """What is done to an image, in the order of the fields.

    Parameters
    ----------
    input_shape : tuple of int
        What the model takes, `(H, W, C)`. Colour for a model of one channel becomes Rec. 601 luma,
        gray for one of three is repeated, before all else.
    resize : int, (int, int) or None
        The new length of the shorter side, `(rows, columns)`, or None: just large enough to cover
        the input if `crop` is None too, else not at all.
    filter : {"bilinear", "nearest", "bicubic", "lanczos"}
    antialias : bool
        See `cnnviz.model.resample`.
    crop : int, (int, int) or None
        The centre that is kept, with zeros around what is smaller; the input's size if None.
    channels : {"rgb", "bgr"}
        Order of the channels.
    invert : bool
        Take `255 - x`.
    scale, mean, std : float, or tuple of one number a channel
        `(x * scale - mean) / std`.
    leaves_arrays : bool
        Scale photos only: the values of array files are taken as they are.

    >>> Preprocess((28, 28, 1), invert=True, scale=1 / 255).describe((56, 84, 3))
    ['gray (Rec. 601)', 'resize 56x84 to 28x42, bilinear, antialiased', 'crop 28x28', 'invert', \
'scale 1/255']
    """

    input_shape: Shape
    resize: int | Shape | None = None
    filter: str = "bilinear"
    antialias: bool = True
    crop: int | Shape | None = None
    channels: str = "rgb"
    invert: bool = False
    scale: float = 1.0
    mean: float | tuple[float, ...] = 0.0
    std: float | tuple[float, ...] = 1.0
    leaves_arrays: bool = False

    def __post_init__(self) -> None:
        from cnnviz.model.resample import check_filter

        check_filter(self.filter, self.antialias)
        for name in ("mean", "std"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) not in (1, self.input_shape[-1]):
                count = self.input_shape[-1]
                raise SpecError(f"{name} has {len(value)} numbers, the model {count} channels")
        if self.channels == "bgr" and self.input_shape[2:] not in ((1,), (3,)):
            raise SpecError(f"channels bgr: an input {times(self.input_shape)} has no such order")
        if self.crop is not None and _pair(self.crop) != self.input_shape[:2]:
            raise SpecError(
                f"crop {times(_pair(self.crop))} is not the input's {times(self.input_shape[:2])}",
                hint="leave crop out, or change input_shape",
            )
        exact = isinstance(self.resize, tuple) and self.crop is None
        if exact and self.resize != self.input_shape[:2]:
            raise SpecError(
                f"resize {self.resize!a} is not the input's {self.input_shape[:2]}",
                hint="add a crop, or change input_shape",
            )

    def apply(self, image: Array | Image) -> Array:
        """Return what the model takes, float32 of `input_shape`.

        Parameters
        ----------
        image : ndarray or Image
            `(H, W)` or `(H, W, C)`, 0-255. An `Image` of an array file that has the input's shape
            is not resized.

        Raises
        ------
        InputError
            If its channels are not those of the model, or the model takes no image.
        """
        is_array = not getattr(image, "is_photo", True)
        return self.normalized(self.seen(image), is_array=is_array)

    def normalized(self, seen: Array, *, is_array: bool = False) -> Array:
        """Return what the model takes, float32, from what `seen` returns: one, or a batch."""
        import numpy as np

        scale = self._scale(is_array=is_array)
        x = seen[..., ::-1] if self.channels == "bgr" else seen
        with np.errstate(over="ignore", invalid="ignore"):  # the executor refuses what overflows
            x = x * np.float32(scale) - np.asarray(self.mean, np.float32)
            return np.ascontiguousarray(x / np.asarray(self.std, np.float32))

    def seen(self, image: Array | Image) -> Array:
        """Return the image as a picture of what the model takes: RGB or gray, 0-255."""
        import numpy as np

        from cnnviz.model.resample import resampled

        x = np.asarray(getattr(image, "pixels", image))
        if not self._fits(x.shape, is_array=not getattr(image, "is_photo", True)):
            x = self._channels(x[..., np.newaxis] if x.ndim == 2 else x)
            x = resampled(x, self._size(x.shape), self.filter, antialias=self.antialias)
            x = _centre(x, self.input_shape)
        x = np.asarray(x, np.float32).reshape(self.input_shape)
        return 255 - x if self.invert else x

    def undo(self, x: Array, *, is_array: bool = False) -> Array:
        """Return what `apply` made on the 0-255 scale and in RGB, to be looked at.

        What was cut off, or turned over by `invert`, stays so.

        >>> import numpy as np
        >>> imagenet = Preprocess((1, 1, 3), scale=1 / 255, mean=0.5, std=0.25)
        >>> imagenet.undo(imagenet.apply(np.full((1, 1, 3), 51.0))).tolist()
        [[[51.0, 51.0, 51.0]]]
        """
        import numpy as np

        with np.errstate(over="ignore", invalid="ignore"):
            plain = x * np.asarray(self.std, np.float32) + np.asarray(self.mean, np.float32)
            scale = np.float32(self._scale(is_array=is_array))
            plain = np.round(plain / scale, 3)  # float32's rounding is no colour
        # Settings whose numbers lie far apart leave nothing of the image, and may overflow.
        plain = np.asarray(np.nan_to_num(plain, nan=0, posinf=255, neginf=0))
        return plain[..., ::-1] if self.channels == "bgr" else plain

    def describe(self, shape: Shape, *, is_array: bool = False) -> list[str]:
        """Return what `apply` does to an image of that shape, a line a step."""
        done = [] if self._fits(shape, is_array=is_array) else self._describe_size(shape)
        if self.input_shape[-1] == 3:
            done.append(self.channels.upper())
        if self.invert:
            done.append("invert")
        scale = self._scale(is_array=is_array)
        if scale != 1:
            inverse = 1 / scale
            plain = inverse > 1 and abs(inverse - round(inverse, 3)) < 1e-9 * inverse
            done.append(f"scale 1/{inverse:.7g}" if plain else f"scale {scale:.7g}")
        if _any(self.mean, 0):
            done.append(f"mean {_listed(self.mean)}")
        if _any(self.std, 1):
            done.append(f"std {_listed(self.std)}")
        return done or ["as it is"]

    def _scale(self, *, is_array: bool) -> float:
        return 1.0 if is_array and self.leaves_arrays else self.scale

    def _fits(self, shape: Shape, *, is_array: bool) -> bool:
        """Whether what has that shape goes in as it is; raise if it cannot go in at all."""
        wanted = self.input_shape
        if len(wanted) == 3:
            return is_array and (shape == wanted or (*shape, 1) == wanted)
        if shape != wanted:
            raise InputError(f"the model takes {times(wanted)}, not an image {times(shape)}")
        return True

    def _describe_size(self, shape: Shape) -> list[str]:
        done = []
        channels, wanted = (1 if len(shape) == 2 else shape[-1]), self.input_shape[-1]
        if channels != wanted:
            done.append("gray (Rec. 601)" if wanted == 1 else f"gray repeated {wanted} times")
        size = self._size(shape)
        if size != shape[:2]:
            widened = ", antialiased" if self.antialias and self.filter != "nearest" else ""
            done.append(f"resize {times(shape[:2])} to {times(size)}, {self.filter}{widened}")
        wanted_size = self.input_shape[:2]
        if size != wanted_size:
            small = any(have < want for have, want in zip(size, wanted_size, strict=True))
            done.append(f"crop {times(wanted_size)}" + ", zeros around" * small)
        return done

    def _channels(self, x: Array) -> Array:
        import numpy as np

        from cnnviz.images import to_gray

        if x.ndim != 3:
            raise InputError(f"an image is (H, W, C), not {times(x.shape)}")
        channels, wanted = x.shape[-1], self.input_shape[-1]
        if channels == wanted:
            return x
        if wanted == 1 and channels == 3:
            return to_gray(x)
        if channels == 1:
            check_bytes(x.nbytes * (wanted + 1), f"gray repeated {wanted} times")
            return np.repeat(x, wanted, axis=-1)
        hint = "use --alpha white or drop" if channels in (2, 4) else None
        raise InputError(f"the image has {channels} channels, the model takes {wanted}", hint=hint)

    def _size(self, shape: Shape) -> tuple[int, int]:
        """Return rows and columns after resizing."""
        if isinstance(self.resize, tuple):
            return _pair(self.resize)
        if self.resize is not None:
            return covering(_pair(shape), (self.resize, self.resize))
        if self.crop is not None:
            return _pair(shape)
        return covering(_pair(shape), _pair(self.input_shape))


def preprocess_for(graph: Graph, preset: str | None = None, invert: bool = False) -> Preprocess:
    """Return what is done to an image before `graph`.

    Parameters
    ----------
    graph : Graph
        Its `preprocess` table may name a `preset` and change its fields; where there is none,
        the values of photos are divided by 255.
    preset : {"imagenet", "caffe", "tf", "none"}, optional
        In place of the table. The first three resize the shorter side to 256/224 of the input,
        rounded, and crop the centre (an oblong input is covered without this margin); `none` leaves
        the values 0-255.
    invert : bool
        Turn the image over first: once more, where the table does too.

    Raises
    ------
    SpecError
        If a field is unknown (with the nearest known one) or its value is wrong.

    >>> from cnnviz.model import zoo
    >>> made = preprocess_for(zoo.build("vgg16"), "caffe")
    >>> made.resize, made.crop, made.channels
    (256, (224, 224), 'bgr')
    """
    table = graph.preprocess if preset is None else {"preset": preset}
    try:
        made = _of_table({"scale": 1 / 255} if table is None else table, graph.input_shape)
    except SpecError as error:
        raise SpecError(f"preprocess: {bounded(error.message)}", hint=error.hint) from error
    return replace(made, invert=made.invert != invert, leaves_arrays=table is None)


def covering(size: tuple[int, int], least: tuple[int, int]) -> tuple[int, int]:
    """Return the smallest size of the same proportions that covers `least`, rounded down.

    >>> covering((300, 451), (256, 256))
    (256, 384)
    """
    (height, width), (rows, columns) = size, least
    if width * rows >= height * columns:
        return rows, int(rows * width / height)
    return int(columns * height / width), columns


def _of_table(table: Mapping[str, Any], input_shape: Shape) -> Preprocess:
    from cnnviz.model.preprocess_table import READERS

    values = dict(table)
    preset = values.pop("preset", "none")
    if not isinstance(preset, str) or preset not in PRESETS:
        raise unknown_name("preset", str(preset), PRESETS)
    for name in values:
        if name not in READERS:
            raise unknown_name("field", name, [*READERS, "preset"])
    given = {name: READERS[name](name, value) for name, value in values.items()}
    base: dict[str, Any] = dict(PRESETS[preset])
    if preset != "none" and len(input_shape) == 3 and not {"resize", "crop"} & set(given):
        base |= _with_margin(input_shape)
    return Preprocess(input_shape, **base | given)


def _with_margin(input_shape: Shape) -> dict[str, Any]:
    rows, columns = input_shape[:2]
    if rows != columns:
        return {}
    return {"resize": round(rows * _MARGIN), "crop": (rows, columns)}


def _centre(x: Array, shape: Shape) -> Array:
    """Return the centre as torchvision's CenterCrop rounds it, with zeros where there is less."""
    import numpy as np

    lacking = [max(want - have, 0) for want, have in zip(shape[:2], x.shape[:2], strict=True)]
    if any(lacking):
        x = np.pad(x, [*((n // 2, (n + 1) // 2) for n in lacking), (0, 0)])
    rows, columns = shape[:2]
    top, left = round((x.shape[0] - rows) / 2), round((x.shape[1] - columns) / 2)
    return x[top : top + rows, left : left + columns]


def _pair(value: int | Shape) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _any(value: float | tuple[float, ...], neutral: float) -> bool:
    return any(v != neutral for v in (value if isinstance(value, tuple) else (value,)))


def _listed(value: float | tuple[float, ...]) -> str:
    return ", ".join(f"{v:g}" for v in (value if isinstance(value, tuple) else (value,)))
