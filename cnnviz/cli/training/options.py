"""The options that say how a network is trained and with what, and the recipe that they make."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import options, suggest
from cnnviz.cli.network import OPTIONS as NETWORK
from cnnviz.cli.network import label_of_spec
from cnnviz.cli.option import after, fixed, group
from cnnviz.cli.types import NUMBER, SECONDS, Part, Words
from cnnviz.errors import SpecError
from cnnviz.files import stem_of
from cnnviz.render.terminal import escape

if TYPE_CHECKING:
    from cnnviz.geometry import Shape
    from cnnviz.training.augmentation import Augmentation
    from cnnviz.training.recipe import Recipe

OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {}
_DECAYS = 0.5, 0.75  # shares of a run after which `--schedule step` divides by 10


def _declare(section: str, keyword: str, flag: str, help: str, **attributes: Any) -> None:
    OPTIONS[keyword] = (flag,), {"section": section, "help": help} | attributes


def _flag(section: str, keyword: str, flag: str, help: str, **attributes: Any) -> None:
    _declare(section, keyword, flag, help, is_flag=True, show_default=False, **attributes)


def _natural(least: int = 0) -> dict[str, Any]:
    return {"type": click.IntRange(min=least), "metavar": "N"}


_recipe = partial(_declare, "Recipe")
_recipe(
    "epochs",
    "--epochs",
    "How often every picture is seen.",
    default=10,
    label=after("epochs"),
    **_natural(1),
)
_recipe(
    "batch_size",
    "--batch-size",
    "Pictures a step.  [default: 64, down to 8 so that an epoch has 16 steps]",
    label=after("batch"),
    **_natural(1),
)
_recipe(
    "optimizer",
    "--optimizer",
    "How weights follow their gradients, exactly as PyTorch's of that name.",
    type=click.Choice(["sgd", "adam", "adamw"]),
    default="sgd",
    label=str,
)
_number = {"type": NUMBER, "metavar": "NUMBER"}
_recipe(
    "lr",
    "--lr",
    "Learning rate; the highest of a schedule.  [default: 0.05 for sgd, in proportion "
    "less for batches below 64; 0.001 for others]",
    label=after("lr"),
    **_number,
)
_recipe(
    "momentum",
    "--momentum",
    "Momentum of sgd.  [default: 0.9]",
    label=after("momentum"),
    **_number,
)
_recipe(
    "weight_decay",
    "--weight-decay",
    "How kernels are drawn to 0; biases and normalisations are not.  "
    "[default: 0.0005 for sgd, 0 for adam, 0.01 for adamw]",
    label=after("decay"),
    **_number,
)
_recipe(
    "schedule",
    "--schedule",
    "How the learning rate goes: the same; down to 0 along a cosine; divided by 10 after half and "
    "three quarters of the run; or up and down again.",
    type=click.Choice(["constant", "cosine", "step", "one-cycle"]),
    default="cosine",
    label=str,
)
_recipe(
    "warmup",
    "--warmup",
    "Let the learning rate rise from 0 over so many epochs, such as 0.5.",
    default="0",
    label=after("warmup"),
    type=NUMBER,
    metavar="EPOCHS",
)
_recipe(
    "label_smoothing",
    "--label-smoothing",
    "Take so much of the wanted probability from the right class for all of them.",
    default="0",
    label=after("smoothing"),
    type=NUMBER,
    metavar="SHARE",
)
_recipe(
    "initial",
    "--initial",
    "How the first kernels are drawn.",
    type=click.Choice(["he-normal", "he-uniform", "glorot-normal", "glorot-uniform"]),
    default="he-normal",
    label=str,
)
_recipe(
    "seed",
    "--seed",
    "Decides all chance: on one machine the same seed gives the same weights, to the bit.",
    default=0,
    label=after("seed"),
    **_natural(),
)
_flag(
    "Recipe",
    "flip",
    "--flip",
    "Train with true convolution, from kernels turned by 180 degrees: the losses are the same, "
    "the kernels come out turned over.",
    label=fixed("flip"),
)

_pictures = partial(_declare, "Augmentation")
_pictures(
    "shift",
    "--shift",
    "Move each picture by up to N pixels, anew in every epoch.",
    default=0,
    label=after("shift"),
    **_natural(),
)
_flag(
    "Augmentation",
    "mirror",
    "--mirror",
    "Exchange left and right in half of them (--flip is another thing).",
    label=fixed("mirror"),
)
_pictures(
    "crop",
    "--crop",
    "Read them N pixels larger on every side and take a part at random; validation and test take "
    "the centre.",
    default=0,
    label=after("crop"),
    **_natural(),
)
_pictures(
    "cutout",
    "--cutout",
    "Black out a square of N pixels at random.",
    default=0,
    label=after("cutout"),
    **_natural(),
)

_data = partial(_declare, "Data")
_data(
    "validation",
    "--validation",
    "What to validate with after each epoch: a share of each class, 0 for none, or another data "
    "set.  [default: the data's own test part, else 0.1]",
    type=Part(),
    metavar="SHARE|PATH",
    label=lambda value: f"val-{value:g}" if isinstance(value, float) else f"val-{stem_of(value)}",
)
_data(
    "test",
    "--test",
    "Another data set, to test with once at the end.  [default: the data's own test part, where "
    "--validation leaves it]",
    type=suggest.Text(files="file"),
    metavar="PATH",
)
_data(
    "labels",
    "--labels",
    "Names of the classes, one a line, in place of the data's.",
    type=suggest.Text(files="file"),
    metavar="FILE",
    label=fixed("labels"),
)
_data(
    "data_name",
    "--data-name",
    "What the data are called in pictures and in the file.  [default: their file or folder]",
    type=Words(),
    metavar="TEXT",
)
_data(
    "license",
    "--license",
    "The licence of the data, to be kept in the file.",
    type=Words(),
    metavar="TEXT",
)
_flag("Data", "strict", "--strict", "Stop at the first picture that cannot be read.")

_run = partial(_declare, "Run")
_run(
    "keep",
    "--keep",
    "Which weights are the result: the best of all validations, or the last.",
    type=click.Choice(["best", "last"]),
    default="best",
)
_flag("Run", "resume", "--resume", "Go on from NAME.last.safetensors, to the same result.")
_run(
    "save_every",
    "--save-every",
    "Write a checkpoint after so many seconds within an epoch too.",
    type=SECONDS,
    default="30",
    metavar="SECONDS",
)

_group = partial(group, OPTIONS)
_LEARNING = (
    *("epochs", "batch_size", "optimizer", "lr", "momentum", "weight_decay", "schedule"),
    *("warmup", "label_smoothing", "initial", "seed", "flip"),
)
recipe = _group("recipe", *_LEARNING)
augmentation = _group("augmentation", "shift", "mirror", "crop", "cutout")
dividing = _group("dividing", "validation", "test", "strict")
naming = _group("naming", "labels", "data_name", "license")
running = _group("running", "keep", "resume", "save_every")
network = group(
    NETWORK,
    "model",
    *("spec", "settings", "input_shape", "weights", "match", "layout"),
    spec={"label": label_of_spec},
    settings={
        "metavar": "LAYER.FIELD=VALUE[,VALUE]",
        "help": "Change a setting first. Repeatable. One of them may have several values: each is "
        "trained, and they are compared.",
    },
    weights={
        "metavar": "FILE",
        "help": "Begin with trained weights, not with random ones: .safetensors, .npz, .pt, .pth.",
    },
)
limiting = partial(
    options.limiting,
    timeout={"help": "Stop after so many seconds, as Ctrl-C does."},
)
bounds = group(options.OPTIONS, "bounds", "max_pixels")
writing = group(
    options.OPTIONS,
    "writing",
    *("targets", "overwrite", "as_json", "quiet", "no_color"),
    targets={
        "metavar": "NAME.safetensors|DIR/|FILE",
        "help": "Where the weights go; pictures and tables go to a folder NAME beside them. Also "
        "FILE.csv, .json, .md, .html, .tex, .txt (the epochs), .png, .svg (the curves), .gif (the "
        "kernels as they form). Repeatable.",
    },
    overwrite={"help": "Replace an earlier result and its checkpoints: begin anew."},
)


def augmentation_of(shape: Shape, given: Mapping[str, Any]) -> Augmentation:
    """Return how pictures are changed, for a network that takes `shape`."""
    from cnnviz.training.augmentation import Augmentation

    crop = (shape[0], shape[1]) if given["crop"] else None
    return Augmentation(
        shift=given["shift"], crop=crop, flip=given["mirror"], cutout=given["cutout"]
    )


def recipe_of(given: Mapping[str, Any], augmentation: Augmentation, examples: int) -> Recipe:
    """Return the recipe that the options make.

    Parameters
    ----------
    given : mapping
        The options of `recipe`.
    examples : int
        Those to train on: they decide the batch unless it is given, and with it the steps of an
        epoch, in which a warm-up and the steps of a schedule are counted.

    Raises
    ------
    SpecError
        If a value is out of range, or options do not fit each other.
    """
    from cnnviz.training.recipe import Recipe, batch_for

    rest = ("epochs", "label_smoothing", "initial", "seed", "flip")
    batch_size = given["batch_size"] or batch_for(examples)
    steps = -(-examples // batch_size)
    made = Recipe(
        batch_size=batch_size,
        optimizer=_optimizer(given, batch_size),
        schedule=_schedule(given, steps),
        augmentation=augmentation,
        **{name: given[name] for name in rest},
    )
    if not made.make_optimizer().lr:
        raise SpecError("--lr 0 changes nothing", hint="use a number above 0")
    made.make_schedule(made.epochs * steps)
    return made


def _optimizer(given: Mapping[str, Any], batch_size: int) -> dict[str, Any]:
    from cnnviz.training.recipe import settings_of

    name = given["optimizer"]
    if given["momentum"] is not None and name != "sgd":
        raise SpecError(f"--momentum is sgd's, not {name}'s", hint="use --optimizer sgd")
    asked = {key: given[key] for key in ("lr", "momentum", "weight_decay")}
    known = {key: value for key, value in asked.items() if value is not None}
    return {"name": name, **settings_of(name, batch_size), **known}


def _schedule(given: Mapping[str, Any], steps: int) -> dict[str, Any]:
    name, warmup, epochs = given["schedule"], given["warmup"], given["epochs"]
    if not 0 <= warmup < epochs:
        what = f"--warmup {warmup:g} is not from 0 to below the {epochs} epochs"
        raise SpecError(what, hint="it counts epochs, and may be a fraction")
    if warmup and name == "one-cycle":
        raise SpecError("--warmup: one-cycle has a rise of its own", hint="leave one of them out")
    made: dict[str, Any] = {"name": name, "warmup": math.ceil(warmup * steps)}
    if name == "cosine":  # a short run may consist of the warm-up but for its last step
        made["warmup"] = min(made["warmup"], epochs * steps - 1)
    if name == "step":
        made["milestones"] = [max(1, round(share * epochs * steps)) for share in _DECAYS]
    return made


def name_of(path: str) -> str:
    """Return what a data set is called: its folder, or its file without the suffix; printable."""
    path = os.path.normpath(path)
    name = os.path.basename(os.path.realpath(path) if path in (".", "..") else path)
    return escape(name if os.path.isdir(path) else stem_of(name))
