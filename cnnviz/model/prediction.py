"""What a model takes an image for, as data for tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnviz.model.model import Model

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.report.prediction import Prediction


def predict(model: Model, image: Image, *, labels: Sequence[str] = (), top: int = 5) -> Prediction:
    """Return the likeliest classes of an image.

    Raises
    ------
    InputError
        As `Model.predict` does, with the image's name.
    """
    from cnnviz.report.prediction import prediction

    probabilities = model.predict(image)
    return prediction(
        probabilities,
        model.preprocess.framed(image),
        image=image.path,
        title=image.name,
        model=model.name,
        labels=labels,
        top=top,
        preprocess=model.preprocess.describe(image.pixels.shape, is_array=not image.is_photo),
    )
