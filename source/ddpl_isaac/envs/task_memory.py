# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a task remembers, taken down and put back, so that one can ask it for observations without it noticing.

A task may observe differences to the last step, stacks of frames, delayed or noisy values: asking it twice in a step
advances these twice. Covered is all that is reachable from the task, its classes and their modules: tensors and arrays
(also those written in place, and views), numbers, lists, deques, dictionaries, sets, objects with attributes or slots,
closures, partial functions, and random generators, torch's, numpy's and Python's global ones among them. The simulator
and the settings are left out; a task that is asked for observations reads them.
"""

from __future__ import annotations

import dataclasses
import functools
import numpy as np
import random
import sys
import torch
import types
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

_SIMULATOR = ("isaaclab.app", "isaaclab.assets", "isaaclab.envs", "isaaclab.markers", "isaaclab.physics")
_SIMULATOR += ("isaaclab.renderers", "isaaclab.scene", "isaaclab.sensors", "isaaclab.sim", "isaaclab.terrains")
_SIMULATOR += ("isaaclab.visualizers", "isaaclab_newton", "isaaclab_ov", "isaaclab_physx", "isaaclab_visualizers")
_SIMULATOR += ("carb", "gymnasium", "isaacsim", "logging", "newton", "omni", "ovphysx", "pxr", "threading", "usdrt")
_SIMULATOR += ("torch._dynamo", "torch._functorch", "torch._inductor", "torch.cuda", "torch.fx")
"""Packages whose objects are not walked into: the simulator's, and what compiles."""

_ATOMS = (int, float, complex, str, bytes, type(None), type, types.ModuleType, types.BuiltinFunctionType, torch.dtype)
_ATOMS += (torch.device, torch.Size, property)


class TaskMemory:
    """A copy of the memory of a task. Nothing waits for the device."""

    def __init__(self, task: object, spared: Iterable[object] = ()) -> None:
        """Take down what the task remembers now.

        Args:
            task: The task.
            spared: Objects that are not part of it although it refers to them.
        """
        self._undo: list[Callable[[], object]] = []
        self._storages: dict[tuple[torch.device, int, int], tuple[torch.Tensor, torch.Tensor]] = {}
        self._seen = {id(item) for item in spared}
        self._waiting: list[Any] = []
        self._keep_random_states(getattr(task, "device", "cpu"))
        self._walk(task)
        for cls in type(task).__mro__:
            if not _is_of(cls, (*_SIMULATOR, *sys.stdlib_module_names)) or cls.__module__ == "__main__":
                self._keep_class(cls)
                self._keep_dict(vars(sys.modules[cls.__module__]))
        while self._waiting:
            self._visit(self._waiting.pop())

    def restore(self) -> None:
        """Put everything back; may be called again."""
        for undo in self._undo:
            undo()
        if self._storages:
            now, before = zip(*self._storages.values(), strict=True)
            torch._foreach_copy_(list(now), list(before))  # pyright: ignore[reportPrivateImportUsage]

    def _keep_random_states(self, device: str | torch.device) -> None:
        """Keep the global generators."""
        self._undo += [functools.partial(torch.set_rng_state, torch.get_rng_state())]
        self._undo += [functools.partial(random.setstate, random.getstate())]
        self._undo += [functools.partial(np.random.set_state, np.random.get_state())]
        if torch.device(device).type == "cuda":
            self._undo.append(functools.partial(torch.cuda.set_rng_state, torch.cuda.get_rng_state(device), device))

    def _visit(self, item: Any) -> None:
        """Keep what one object holds, once."""
        if isinstance(item, _ATOMS) or id(item) in self._seen:
            return
        self._seen.add(id(item))
        if isinstance(item, torch.Tensor):
            self._keep_tensor(item)
        elif isinstance(item, np.ndarray):
            self._keep_array(item)
        elif isinstance(item, dict | list | deque | set | bytearray):
            self._keep_container(item)
        elif isinstance(item, tuple | frozenset):
            self._waiting.extend(item)
        elif not (self._keep_generator(item) or self._keep_callable(item)):
            self._keep_object(item)

    def _keep_object(self, item: Any) -> None:
        """Keep the attributes and slots of an object, unless it belongs to the simulator or is a setting."""
        kind = type(item)
        if kind.__module__ == "warp" or kind.__module__.startswith(("warp.", "_warp")):
            self._keep_warp_array(item)
        elif not any(_is_of(base, _SIMULATOR) for base in kind.__mro__) and not _is_setting(item):
            self._walk(item)

    def _walk(self, item: Any) -> None:
        """Keep attributes and slots."""
        self._seen.add(id(item))
        if isinstance(getattr(item, "__dict__", None), dict):
            self._keep_dict(item.__dict__)
        for base in type(item).__mro__:
            for name in _slots(base):
                self._keep_slot(item, name)

    def _keep_slot(self, item: Any, name: str) -> None:
        try:
            value = object.__getattribute__(item, name)
        except AttributeError:
            return
        self._waiting.append(value)

        def undo() -> None:
            if getattr(item, name, None) is not value:
                object.__setattr__(item, name, value)

        self._undo.append(undo)

    def _keep_dict(self, entries: dict) -> None:
        """Keep the entries of a dictionary, in their order."""
        before = dict(entries)
        self._waiting.extend(before.values())

        def undo() -> None:
            # entry by entry: threads of a viewer may be reading the attributes of an object
            for name in [name for name in entries if name not in before]:
                del entries[name]
            for name, value in before.items():
                if name not in entries or entries[name] is not value:
                    entries[name] = value
            if any(name is not other for name, other in zip(entries, before, strict=True)):
                entries.clear()
                entries.update(before)

        self._undo.append(undo)

    def _keep_container(self, items: Any) -> None:
        """Keep what is in a container."""
        if isinstance(items, dict):
            self._keep_dict(items)
            return
        before = list(items)
        if not isinstance(items, bytearray):
            self._waiting.extend(before)

        def undo() -> None:
            if len(items) != len(before) or any(a is not b for a, b in zip(items, before, strict=True)):
                items.clear()
                (items.update if isinstance(items, set) else items.extend)(before)

        self._undo.append(undo)

    def _keep_class(self, cls: type) -> None:
        """Keep the attributes of a class."""
        before = dict(vars(cls))
        self._waiting.extend(before.values())

        def undo() -> None:
            for name, value in dict(vars(cls)).items():
                if name not in before:
                    delattr(cls, name)
                elif value is not before[name]:
                    setattr(cls, name, before[name])

        self._undo.append(undo)

    def _keep_tensor(self, tensor: torch.Tensor) -> None:
        """Keep the whole memory that a tensor looks at, which other tensors may look at too."""
        if tensor.layout != torch.strided or tensor.is_meta:
            return
        # as bytes: a view with a stride of zero could not be written to
        storage = tensor.untyped_storage()
        key = tensor.device, storage.data_ptr(), storage.nbytes()
        if storage.nbytes() and key not in self._storages:
            content = torch.empty(0, dtype=torch.uint8, device=tensor.device).set_(storage)
            self._storages[key] = content, content.clone()

    def _keep_array(self, array: np.ndarray) -> None:
        if array.flags.writeable:
            self._undo.append(functools.partial(np.copyto, array, array.copy()))

    def _keep_warp_array(self, item: Any) -> None:
        """Keep an array of Warp, as the tensor that shares its memory."""
        import warp

        struct = warp.types.Struct  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(item, warp.array) and item.size and not isinstance(item.dtype, struct):
            self._keep_tensor(warp.to_torch(item, requires_grad=False))

    def _keep_generator(self, item: Any) -> bool:
        """Keep the state of a random generator, if the object is one."""
        if isinstance(item, torch.Generator):
            self._undo.append(functools.partial(item.set_state, item.get_state()))
        elif isinstance(item, np.random.Generator):
            self._undo.append(functools.partial(setattr, item.bit_generator, "state", item.bit_generator.state))
        elif isinstance(item, np.random.RandomState):
            self._undo.append(functools.partial(item.set_state, item.get_state()))
        elif isinstance(item, random.Random):
            self._undo.append(functools.partial(item.setstate, item.getstate()))
        else:
            return False
        return True

    def _keep_callable(self, item: Any) -> bool:
        """Keep what a function carries along, if the object is one."""
        if isinstance(item, types.MethodType):
            self._waiting.append(item.__self__)
        elif isinstance(item, functools.partial):
            self._waiting.extend((item.func, item.args, item.keywords))
        elif isinstance(item, staticmethod | classmethod):
            self._waiting.append(item.__func__)
        elif isinstance(item, types.FunctionType):
            self._waiting.extend((item.__defaults__, item.__kwdefaults__, *(item.__closure__ or ())))
            self._keep_dict(item.__dict__)
        elif isinstance(item, types.CellType):
            self._keep_slot(item, "cell_contents")
        else:
            return False
        return True


def _is_of(cls: type, packages: tuple[str, ...]) -> bool:
    """Tell whether a class comes from one of the packages."""
    return any(cls.__module__ == name or cls.__module__.startswith(f"{name}.") for name in packages)


def _is_setting(item: Any) -> bool:
    """Tell whether an object is an instance of one of Isaac Lab's ``configclass``es."""
    return dataclasses.is_dataclass(item) and hasattr(item, "to_dict") and hasattr(item, "replace")


def _slots(cls: type) -> tuple[str, ...]:
    """Return the names of the slots that a class adds, mangled as Python does."""
    slots = vars(cls).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    hidden = "_" + cls.__name__.lstrip("_")
    mangled = (f"{hidden}{n}" if n.startswith("__") and not n.endswith("__") else n for n in names)
    return tuple(name for name in mangled if name not in ("__dict__", "__weakref__"))
