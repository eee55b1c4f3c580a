"""The map of a collection: where every painting lies, and one page to walk in. Imported on first use."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from grisaille.explorer.layout import principal_places, umap_places
    from grisaille.explorer.map_table import Near, gather
    from grisaille.explorer.page import About, render, room_for_pictures, too_large
    from grisaille.explorer.pictures import Picture, pictures
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "gathering": ["Near", "gather"],
            "page": ["About", "render", "room_for_pictures", "too_large"],
            "pictures": ["Picture", "pictures"],
            "placing": ["principal_places", "umap_places"],
        },
    )

__all__ = [
    "About",
    "Near",
    "Picture",
    "gather",
    "pictures",
    "principal_places",
    "render",
    "room_for_pictures",
    "too_large",
    "umap_places",
]
