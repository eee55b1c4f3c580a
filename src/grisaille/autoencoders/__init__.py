"""Autoencoders: Keras builders, the training loop, PCA as the linear case. Keras itself is imported on first use."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from grisaille.autoencoders.architectures import build
    from grisaille.autoencoders.joining import join, train_joiner
    from grisaille.autoencoders.principal_components import PrincipalComponents, fit_principal_components
    from grisaille.autoencoders.similarity_training import train_similarity
    from grisaille.autoencoders.training import encode, take_encoder, train
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "architectures": ["build"],
            "joining": ["join", "train_joiner"],
            "principal_components": ["PrincipalComponents", "fit_principal_components"],
            "similarity_training": ["train_similarity"],
            "training": ["encode", "take_encoder", "train"],
        },
    )

__all__ = [
    "PrincipalComponents",
    "build",
    "encode",
    "fit_principal_components",
    "join",
    "take_encoder",
    "train",
    "train_joiner",
    "train_similarity",
]
