"""Progress bar and history of a training."""

from typing import Any

import keras
import numpy as np
import pandas as pd

from grisaille.terminal import Bar


class Progress(keras.callbacks.Callback):
    """One bar an autoencoder, advanced with every batch; it shows the losses after every epoch."""

    def __init__(self, name: str) -> None:
        """Label the bar."""
        super().__init__()
        self._name = name
        self._bar: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Show the bar."""
        self._bar = Bar(total=self.params["epochs"] * self.params["steps"], desc=self._name, unit=" batches")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Advance the bar."""
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Show the losses."""
        losses = {name: f"{value:.4g}" for name, value in (logs or {}).items()}
        self._bar.set_postfix(epoch=f"{epoch + 1}/{self.params['epochs']}", refresh=False, **losses)

    def on_train_end(self, logs: Any = None) -> None:
        """Close the bar where training stopped."""
        self._bar.close()


def history_table(losses: dict[str, list[float]]) -> pd.DataFrame:
    """One row an epoch, counted from 1; one column a loss."""
    table = pd.DataFrame(losses)
    table.insert(0, "epoch", np.arange(1, len(table) + 1))
    return table
