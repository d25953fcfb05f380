"""What every test of the Keras adapter runs under."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def uninitialized_arrays_may_overflow() -> Iterator[None]:
    """Keras's NumPy backend infers shapes by computing with uninitialized arrays."""
    ignored = "ignore" if keras.backend.backend() == "numpy" else None
    with np.errstate(over=ignored, invalid=ignored, divide=ignored):
        yield
