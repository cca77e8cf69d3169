"""Checks a `.keras` file before Keras loads it: it may be anybody's. Student's side.

A file's `config.json` can make Keras import a module and call what it finds there; its `safe_mode` forbids
part of that. So the configuration is held against an allow-list first: layers, initialisers and the like of Keras
itself, no custom object, no lambda. The older HDF5 files are not read at all, since `safe_mode` does not cover them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.errors import UsageError
from autograder.live.plan import cannot_show, supported
from autograder.wording import one_line

__all__ = ["load"]

CONFIG_BYTES = 8 << 20
TOTAL_BYTES = 1 << 30
MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}

_BESIDES_LAYERS = {"Sequential", "Functional", "Model", "DTypePolicy", "__keras_tensor__", "__tensor__"}
_MODULES = ("keras", "keras.layers", "keras.models", "keras.initializers", "keras.regularizers", "keras.constraints")
# Where two kinds of models say they come from: Keras's own functional one, and one in Keras 1's spelling.
_PLACES = {("keras.src.models.functional", "Functional"), ("autograder.course.keras1", "Sequential")}
_FUNCTIONS = ("keras.src.ops", "keras.src.activations")


def load(path: Path) -> Any:
    """The Keras model of a `.keras` file, not compiled.

    Raises:
        UsageError: No such file, or one that is not safe or not possible to load.
    """
    if path.suffix != ".keras":
        raise UsageError(f"{path} is not a .keras file. Save the model with `model.save('model.keras')`.")
    config = _config(path)
    _refuse_other_layers(config, path)
    import keras

    try:
        plain = {"Sequential": keras.Sequential}  # also for the one in Keras 1's spelling
        return keras.models.load_model(path, custom_objects=plain, compile=False, safe_mode=True)
    except Exception as error:  # noqa: BLE001 - Keras raises what it likes
        raise UsageError(f"{path}: Keras cannot load it ({type(error).__name__}: {one_line(str(error))}).") from None


def _config(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > TOTAL_BYTES:
                raise UsageError(f"{path} unpacks to more than 1 GB.")
            if strange := sorted({member.filename for member in members} - MEMBERS):
                raise UsageError(f"{path} holds {strange[0]!r}, which no .keras file of these layers has.")
            with archive.open("config.json") as file:
                content = file.read(CONFIG_BYTES + 1)
        if len(content) > CONFIG_BYTES:
            raise UsageError(f"{path}: its config.json is larger than {CONFIG_BYTES >> 20} MB.")
        return json.loads(content)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file.") from None
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile):
        raise UsageError(f"{path} is not a file that `model.save` of Keras 3 has written.") from None


def _refuse_other_layers(config: Any, path: Path) -> None:
    """Raise if the configuration names a class that is not on the list, or where to find one."""
    allowed = {*_BESIDES_LAYERS, *supported()}
    unknown = []
    for place in _objects(config):
        if place.get("compile_config") and place is not config:
            raise UsageError(f"{path} has a compiled model inside the model. Only the outermost one may be compiled.")
        name, module = place.get("class_name"), place.get("module")
        shown = repr(str(name)[:60])
        if not isinstance(name, str) or not isinstance(module, (str, type(None))):
            raise UsageError(f"{path} names a class by something else than text; only what is Keras's own is loaded.")
        if str(module).startswith(_FUNCTIONS):
            raise UsageError(
                f"{path} has the operation {shown} between its layers. Use a layer instead, such as ReLU or Rescaling."
            )
        if module is not None and module not in _MODULES and (module, name) not in _PLACES:
            raise UsageError(f"{path} wants {shown} of {str(module)[:60]!r}; only what is Keras's own is loaded.")
        if place.get("registered_name") not in (None, name):
            raise UsageError(f"{path} has a class of its own, {shown}; only what is Keras's own is loaded.")
        helper = module in _MODULES and module.rpartition(".")[2] in ("initializers", "regularizers", "constraints")
        if name not in allowed and not helper:
            settings = place.get("config")
            own = settings.get("name") if isinstance(settings, dict) else None
            unknown.append(f"{str(own)[:60]!r} ({str(name)[:60]})" if isinstance(own, str) else shown)
    if unknown:
        raise UsageError(f"{path}: {cannot_show(unknown, 5)}")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in the configuration that name a class, or say how a model was compiled.

    Keras drops the training's (`compile_config`) of the outermost model, and builds those of a model inside it.
    """
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "class_name" in each or each.get("compile_config"):
                yield each
            waiting += [inner for key, inner in each.items() if key != "compile_config" or each is not value]
        elif isinstance(each, list):
            waiting += each
