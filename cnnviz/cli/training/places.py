"""Where a training run writes: weights, checkpoints beside them, a folder of pictures and tables.

`NAME.safetensors` is what the user asked for, `NAME.last.safetensors` what a run goes on from. All
else is in a folder `NAME`, with a page that shows it: nine files beside the weights, of each run of
a series, would hide them, and a folder can be opened, sent and thrown away as one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnnviz.cli import outputs
from cnnviz.cli.names import clip, slug
from cnnviz.cli.outputs import FOLDER, PAGE, Slot
from cnnviz.cli.types import Target
from cnnviz.errors import OutputError, SpecError
from cnnviz.files import check_target, check_writable, in_units, write_file
from cnnviz.training.checkpoint import Kept

SUFFIX = "safetensors"
PICTURES = ("curves", "confusion", "mistakes", "kernels", "before-after")
ANIMATION, TABLE, FACTS = "kernels.gif", "metrics.csv", "metrics.json"


@dataclass(frozen=True)
class Place:
    """Where one run writes.

    >>> Place("out/lenet5").weights, Place("out/lenet5").file("curves.png")
    ('out/lenet5.safetensors', 'out/lenet5/curves.png')
    """

    stem: str

    @property
    def weights(self) -> str:
        """The file of the weights that are kept."""
        return f"{self.stem}.{SUFFIX}"

    @property
    def kept(self) -> Kept:
        """The checkpoints."""
        return Kept(self.stem)

    def file(self, name: str) -> str:
        """Return the path of a picture or table."""
        return os.path.join(self.stem, name)

    @property
    def paths(self) -> list[str]:
        """All files that may be written."""
        return [self.weights, self.kept.last, self.kept.best, *self.inside]

    @property
    def inside(self) -> list[str]:
        """Those of them in the folder."""
        pictures = [f"{name}.png" for name in PICTURES]
        return [self.file(name) for name in (*pictures, ANIMATION, TABLE, FACTS, PAGE)]

    def put(self, files: Mapping[str, bytes]) -> list[str]:
        """Write the files of the folder, which were checked before, and take away older others."""
        for name, content in files.items():
            write_file(self.file(name), content, overwrite=True)
        for path in self.inside:
            if os.path.basename(path) not in files and os.path.isfile(path):
                os.unlink(path)
        return [self.file(name) for name in files]

    def under(self, value: str) -> Place:
        """Return the place of one run of a series."""
        folder, name = os.path.split(self.stem)
        return Place(os.path.join(folder, clip(f"{name}-{slug(value)}", "")))


def split(
    targets: Sequence[Target], model: str, label: str, data: str
) -> tuple[Place, list[Target]]:
    """Return where a run writes, and the targets that are something else of it.

    Parameters
    ----------
    targets : sequence of Target
        What -o says.
    model, label, data : str
        For names that are chosen here: the model's, command and settings, and that of the data.

    Raises
    ------
    SpecError
        If -o names two places.
    """
    own = [t for t in targets if t.kind == "folder" or t.format == SUFFIX]
    others = [t for t in targets if t not in own]
    if len(own) > 1:
        raise SpecError(f"-o names two places for the weights, {own[0].path} and {own[1].path}")
    if not own:
        return Place(os.path.join(FOLDER, clip(f"{slug(data)}-{label}", ""))), others
    if own[0].kind == "stdout":
        raise SpecError(f"-o {SUFFIX}:- : weights go to a file", hint=f"use -o NAME.{SUFFIX}")
    if own[0].kind == "folder":
        return Place(os.path.join(own[0].path, slug(model))), others
    stem = os.path.splitext(own[0].path)[0]
    if stem.endswith((".last", ".best")):
        what = f"-o {own[0].path}: such a name is a checkpoint's"
        raise SpecError(what, hint=f"use -o {os.path.splitext(stem)[0]}.{SUFFIX}")
    return Place(stem), others


def check(
    places: Sequence[Place], slots: Sequence[Slot], inputs: Iterable[str], *,
    overwrite: bool, resume: bool, size: int,
) -> None:  # fmt: skip
    """Refuse whatever would be in the way at the end, before any work is done.

    Parameters
    ----------
    places : sequence of Place
    slots : sequence of Slot
        Further outputs.
    inputs : iterable of str
        Files that are read.
    overwrite, resume : bool
        Both let files of earlier runs be replaced.
    size : int
        Bytes of the weights of all runs.

    Raises
    ------
    OutputError
        If a file exists that is not to be replaced, is a symlink, an input, or in no folder that
        can be written.
    """
    for place in places:
        _check_earlier(place, overwrite=overwrite, resume=resume)
        if os.path.islink(place.stem):
            raise OutputError(f"{place.stem} is a symlink", path=place.stem, hint="name the folder")
    paths = [path for place in places for path in place.paths]
    paths += [path for slot in slots for path in slot.paths]
    outputs.check_paths(paths, overwrite or resume, [path for path in inputs if path != "-"])
    for folder in sorted({os.path.dirname(path) or "." for path in paths}):
        check_writable(folder)
    for place in places[:1]:
        _check_room(place, size)


def _check_earlier(place: Place, *, overwrite: bool, resume: bool) -> None:
    """Refuse to begin anew where there is a result, unless that is asked for."""
    last = place.kept.last
    has_last, has_weights = os.path.lexists(last), os.path.lexists(place.weights)
    if overwrite or not (has_last or has_weights):
        return
    if not resume:
        there = last if has_last else place.weights
        go_on = "--resume goes on from it, " if has_last else ""
        check_target(there, overwrite=True)  # that it is a symlink goes before all
        hint = f"{go_on}--overwrite begins anew"
        raise OutputError(f"{there} exists", path=there, hint=hint)
    if not has_last:
        what = f"{place.weights} exists, without the {os.path.basename(last)} to go on from"
        raise OutputError(what, path=place.weights, hint="--overwrite begins anew")


def _check_room(place: Place, size: int) -> None:
    folder = os.path.dirname(os.path.abspath(place.stem))
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    free = shutil.disk_usage(folder).free
    if free < size:
        what = f"{in_units(free)} are free for checkpoints of {in_units(size)}"
        raise OutputError(f"cannot write {place.weights}: {what}", path=place.weights)
