"""What of the image the units of a layer see, with the image to show it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.report.origin import Origin
from cnnviz.report.shape_fields import fields_of

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.model.model import Model


def origin_of(model: Model, image: Image, layer: str) -> Origin | None:
    """Return it, or None where no region is true of every unit, or there are no pixels."""
    field = fields_of(model.graph)[0][layer]
    if field is None or len(field.axes) != 2:
        return None
    taken = model.preprocess.apply(image)
    picture = model.preprocess.undo(taken, is_array=not image.is_photo)
    return Origin(picture, taken.shape[:2], field)
