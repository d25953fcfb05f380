"""For transformers: models from a configuration, and callbacks for the `Trainer`.

A callback of transformers knows no trainer, and is told how to log:

    trainer.add_callback(Watch(trainer.log, every=100))
"""

from collections.abc import Callable
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel, TrainerCallback

from initcore.diagnostics import signal_check
from initcore.networks import AskedScheme, Report, apply_plan, make_plan

from .networks import initialize
from .networks._model import TorchModel
from .training._callback import WatchCallback

try:
    from transformers.initialization import no_init_weights
except ImportError:  # before transformers 5
    from transformers.modeling_utils import no_init_weights  # type: ignore[attr-defined, no-redef]

__all__ = ["Initialize", "Watch", "init_transformers"]


class Initialize(TrainerCallback):
    """Gives every weight what `scheme` says when training begins, once the model is in its place.

    Training that resumes from a checkpoint keeps its weights. So do weights that `from_pretrained`
    has loaded.

    Args:
        scheme: As of `initcore_torch.initialize`.
        seed: Integer, `0 <= seed < 2**64`.
        **more: Further arguments of `initcore_torch.initialize`, such as `overrides`.

    Attributes:
        report: The `initcore.networks.Report`, once training has begun.
    """

    def __init__(self, scheme: AskedScheme, *, seed: int = 0, **more: Any) -> None:
        self._scheme, self._seed, self._more = scheme, seed, more
        self.report: Report | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """The trainer calls it once the model is wrapped and a checkpoint is loaded."""
        if state.global_step == 0 and self.report is None:
            self.report = initialize(given["model"], self._scheme, seed=self._seed, **self._more)


class Watch(WatchCallback, TrainerCallback):
    """Hands what `initcore_torch.training.Watch` sees to `log`.

    A loss of the model, or an output without one, that is not finite ends the training with an
    `initcore.training.NotFiniteError`, which names the first layer.

    Args:
        log: The trainer's own: `trainer.log`.
        every: Steps of the optimizer from one look to the next.
        layers: Whether every layer has numbers of its own, beside the extreme ones.
        singular_values: Whether the kernels' largest singular values are followed, too.

    Attributes:
        look: The last `initcore.training.Look`.
    """

    def __init__(
        self, log: Callable[[dict[str, float]], Any], *, every: int = 100, layers: bool = True,
        singular_values: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(every=every, layers=layers, singular_values=singular_values)
        self._log = log
        self._handle: Any = None
        self._call: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Finds the layers."""
        self.on_train_end(args, state, control)
        self._follow(given["model"])
        self._handle = given["model"].register_forward_hook(self._keep, with_kwargs=True)

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Looks, if it is time."""
        self._following.begin(state.global_step)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Stops if the loss is not finite, and logs what was seen."""
        if self._call is not None:
            model, call, kwargs, loss = self._call
            self._call = None
            self._following.check(loss, lambda: model.forward(*call, **kwargs))
        self._log_look(self._log)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Leaves no hooks."""
        if self._handle is not None:
            self._handle.remove()
        self._unfollow()
        self._handle = self._call = None

    def _keep(self, model: nn.Module, call: Any, kwargs: Any, output: Any) -> None:
        if model.training:
            found = getattr(output, "loss", None)
            found = found if isinstance(found, Tensor) else getattr(output, "logits", None)
            self._call = model, call, kwargs, found


def init_transformers(
    config_or_class: Any, scheme: AskedScheme, *, config: Any = None, seed: int = 0,
    dtype: torch.dtype | str | None = None, device_map: Any = None, **more: Any,
) -> tuple[Any, Report]:  # fmt: skip
    """A model of transformers with the weights of `scheme`, and the report; never its own first.

    The model's own initialization is skipped, which for large models takes longer than the scheme.
    Weights that the scheme leaves alone get what the model's own gives to their modules.

    Args:
        config_or_class: A configuration, whose `architectures` say what model it is of (a causal
            language model or a bare model if they are missing), or a class of models.
        scheme: As of `initcore_torch.initialize`.
        config: The configuration, where a class was given; the class's defaults without one.
        seed: Integer, `0 <= seed < 2**64`.
        dtype: Of the weights, a dtype or its name; by default what the configuration says.
        device_map: A device on which the model is made, or what accelerate's `dispatch_model` and
            `infer_auto_device_map` spread it by: a mapping or `"auto"`.
        **more: Further arguments of `initcore_torch.initialize`, such as `overrides`.

    Raises:
        TypeError: It is neither a configuration nor a class of models.

    >>> from transformers import GPT2Config
    >>> small = GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=16, n_positions=8,
    ...                    bos_token_id=0, eos_token_id=0)
    >>> model, report = init_transformers(small, "orthogonal", seed=1)
    >>> report["transformer.h.0.mlp.c_fc.weight"].name, type(model).__name__
    ('orthogonal', 'GPT2LMHeadModel')
    """
    kind, config = _class_and_config(config_or_class, config)
    spread = device_map if isinstance(device_map, dict) or device_map == "auto" else None
    device = torch.device("cpu" if spread is not None or device_map is None else device_map)
    with no_init_weights(), device:
        model = kind._from_config(config, **({} if dtype is None else {"dtype": dtype}))
    model.tie_weights()
    known = TorchModel("initialize", model, more.pop("sample_input", None))  # traced once
    made = make_plan(known, scheme, seed=seed, **{"overrides": None, "paths": None, **more})
    for path in [a.weight.path for a in made.assignments if a.name is None]:
        owner = model.get_submodule(path.rpartition(".")[0])
        getattr(owner, "reset_parameters", int)()
        model._init_weights(owner)
    report: Report = apply_plan(made, known, signal_check)
    if spread is not None:
        from accelerate import dispatch_model, infer_auto_device_map

        model = dispatch_model(model, infer_auto_device_map(model) if spread == "auto" else spread)
    return model.eval(), report


def _class_and_config(config_or_class: Any, config: Any) -> tuple[Any, Any]:
    if isinstance(config_or_class, PretrainedConfig):
        names = config_or_class.architectures or []
        found = getattr(transformers, names[0], None) if names else None
        auto = transformers.AutoModelForCausalLM._model_mapping
        if found is None and type(config_or_class) in auto:
            found = auto[type(config_or_class)]
        return found or transformers.AutoModel._model_mapping[
            type(config_or_class)
        ], config_or_class
    if isinstance(config_or_class, type) and issubclass(config_or_class, PreTrainedModel):
        made: Any = config_or_class.config_class
        return config_or_class, made() if config is None else config
    raise TypeError(
        f"init_transformers needs a configuration or a class of models of transformers, got "
        f"{type(config_or_class).__name__}; for a model that is made: initialize(model, scheme)."
    )
