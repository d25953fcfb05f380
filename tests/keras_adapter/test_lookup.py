"""Names and configurations give our classes, as Keras's give Keras's."""

import re
from typing import Any

import keras
import numpy as np
import pytest
from keras import initializers as theirs

import initcore_keras as ours
from initcore import specs
from initcore_keras._initializer import spell

CLASSES = {spell(n): getattr(ours, spell(n)) for n in specs}
NEEDY = {"Sparse": {"sparsity": 0.3}, "SparseOrthogonal": {"density": 0.4}}
SNAKE = {name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in CLASSES}
KERAS_NAMES = sorted(
    {n for n in dir(theirs) if isinstance(getattr(theirs, n), type)}
    | {"normal", "uniform", "one", "zero"}
)


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_every_name_of_keras_gives_the_class_that_the_package_has_under_it(name: str) -> None:
    # Keras's get("constant") is a KeyError.
    other = getattr(theirs, name, None) or type(theirs.get(name))
    cls = getattr(ours, other.__name__)  # of STFT and Initializer Keras's own
    assert type(ours.get(name)) is cls
    assert type(ours.deserialize({"class_name": name, "config": {}})) is cls
    assert type(ours.deserialize(name)) is cls


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_a_name_in_capitals_and_one_in_small_letters(name: str) -> None:
    config = {**NEEDY.get(name, {}), **({"seed": 3} if specs[CLASSES[name].core].random else {})}
    for spelled in (name, SNAKE[name], f"initcore>{name}"):
        found = ours.deserialize({"class_name": spelled, "config": config})
        assert type(found) is CLASSES[name]
        assert found.get_config().items() >= config.items()
        if name not in NEEDY:
            assert type(ours.get(spelled)) is CLASSES[name]


@pytest.mark.parametrize("name", [n for n in dir(theirs) if n[0].isupper() and hasattr(ours, n)])
def test_what_keras_saves_of_its_own_is_loaded_as_ours(name: str) -> None:
    if name.startswith(("STFT", "Initializer")):
        return
    saved = theirs.serialize(getattr(theirs, name)())
    assert saved["module"].startswith("keras")
    for found in (ours.deserialize(saved), ours.get(saved), ours.deserialize([saved])[0]):
        assert type(found) is getattr(ours, type(getattr(theirs, name)()).__name__)


def test_what_ours_saves_is_loaded_by_both() -> None:
    init = ours.DeltaOrthogonal(2.0, 5, kind="transposed")
    saved = ours.serialize(init)
    for module in (ours, theirs):
        again = module.deserialize(saved)
        assert type(again) is ours.DeltaOrthogonal
        assert again.get_config() == init.get_config()


def test_custom_objects_come_before_our_names() -> None:
    class Mine(keras.initializers.Initializer):  # type: ignore[misc]
        def __init__(self, size: int = 1) -> None:
            self.size = size

    for name in ("HeNormal", "mine", "Sparse"):
        config = {"class_name": name, "config": {"size": 3}}
        found = ours.deserialize(config, custom_objects={name: Mine})
        assert type(found) is Mine
        assert found.size == 3
        with keras.saving.custom_object_scope({name: Mine}):
            assert type(ours.get(name)) is Mine
    assert type(ours.get("HeNormal")) is ours.HeNormal


def test_objects_classes_functions_arrays_and_none_are_as_in_keras() -> None:
    init = ours.HeNormal()
    assert ours.get(init) is init
    assert type(ours.get(ours.Hadamard)) is ours.Hadamard
    assert ours.get(keras.ops.ones) is keras.ops.ones
    assert ours.get(None) is None
    assert ours.deserialize(None) is None
    w = ours.get(np.ones((2, 3), "float32"))((2, 3), "float32")
    assert (keras.ops.convert_to_numpy(w) == 1).all()


def test_a_layer_takes_what_a_name_gives() -> None:
    layer = keras.layers.Dense(4, kernel_initializer=ours.get("orthogonal"))
    layer.build((None, 4))
    w = keras.ops.convert_to_numpy(layer.kernel)
    assert abs(w.T @ w - np.eye(4)).max() < 1e-5
    assert type(keras.layers.Dense.from_config(layer.get_config()).kernel_initializer) is (
        ours.Orthogonal
    )


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: ours.get("typo"),
            "^Could not interpret initializer identifier: 'typo' .*there are app",
        ),
        (lambda: ours.get("HeNormall"), "did you mean he_normal"),
        (lambda: ours.get("delta-orthogonal"), "did you mean delta_orthogonal"),
        (lambda: ours.deserialize({"class_name": "Othogonal"}), "did you mean orthogonal"),
        (lambda: ours.get(3), "^Could not interpret initializer identifier: 3"),
        (lambda: ours.get({"config": {}}), "Unknown `config`"),
        (lambda: ours.get("sparse"), r"Sparse has no default of sparsity: pass .*\(sparsity=...\)"),
        (lambda: ours.get("SparseOrthogonal"), "no default of density"),
    ],
)
def test_what_is_no_initializer_gets_one_helpful_sentence(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
