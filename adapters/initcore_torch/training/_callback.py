"""What the callbacks of trainers have in common: a `Watch`, and the look that is logged."""

from collections.abc import Callable
from typing import Any

from torch import nn

from initcore.training import Look

from ._watch import Watch

__all__ = ["WatchCallback"]


class WatchCallback:
    """A `Watch` of the model that a trainer hands over when training begins."""

    def __init__(self, *, every: int, layers: bool, singular_values: bool) -> None:
        self._how: dict[str, Any] = {"every": every, "singular_values": singular_values}
        self._layers = layers
        self._watch: Watch | None = None
        self.look: Look | None = None

    def _follow(self, model: nn.Module) -> None:
        self._watch = Watch(model, **self._how)

    @property
    def _following(self) -> Watch:
        assert self._watch is not None, "training has not begun"
        return self._watch

    def _log_look(self, log: Callable[[dict[str, float]], Any]) -> None:
        """Hand on what this step has shown, if it was looked at."""
        look = self._following.end()
        if look is not None:
            self.look = look
            log(look.numbers(layers=self._layers))

    def _unfollow(self) -> None:
        """Leave no hooks."""
        if self._watch is not None:
            self._watch.close()
