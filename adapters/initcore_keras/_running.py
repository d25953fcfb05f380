"""A warning where Keras does not run on the backend that was asked for: it was asked too late."""

import os
import warnings

import keras

asked, runs = os.environ.get("KERAS_BACKEND", ""), keras.backend.backend()
if asked not in ("", runs):
    warnings.warn(
        f"Keras runs on {runs}, for KERAS_BACKEND={asked} was set after Keras had been imported; "
        "set it before the first `import keras`.",
        stacklevel=2,
    )
