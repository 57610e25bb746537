# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""PhysX's buffers on a GPU (``ovphysx``), which do not grow: whether one of them was too small."""

from __future__ import annotations

import logging

from ddpl_isaac.errors import UserError

_CHANNEL = "ddpl_isaac.ovphysx"
"""Logger that gets what PhysX says."""

_FIELDS = {
    "patch buffer overflow": "gpu_max_rigid_patch_count",
    "contact buffer overflow": "gpu_max_rigid_contact_count",
    "force buffer overflow": "gpu_max_rigid_contact_count",
    "collisionstacksize": "gpu_collision_stack_size",
    "foundlostpairscapacity": "gpu_found_lost_pairs_capacity",
    "foundlostaggregatepairscapacity": "gpu_found_lost_aggregate_pairs_capacity",
    "totalaggregatepairscapacity": "gpu_total_aggregate_pairs_capacity",
}
"""Fields of ``env.sim.physics`` by what PhysX says, in small letters, when that buffer is too small."""


class BufferOverflowError(UserError):
    """A buffer of PhysX was too small."""


class OverflowWatch(logging.Handler):
    """Remembers the first message of PhysX about a buffer that overflowed.

    PhysX then drops contacts and goes on, with a line in its log: hands lose what they hold, and nothing else shows it.
    """

    def __init__(self) -> None:
        """Have heard nothing yet."""
        super().__init__(logging.WARNING)
        self._heard: str | None = None

    def listen(self) -> None:
        """Have PhysX pass its warnings on; what it prints itself it still prints."""
        import ovphysx

        logger = logging.getLogger(_CHANNEL)
        logger.propagate = False
        logger.addHandler(self)
        ovphysx.enable_python_logging(_CHANNEL, min_severity=ovphysx.LogLevel.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first message about a buffer; called in threads of PhysX."""
        message = record.getMessage()
        if self._heard is None and any(words in message.lower() for words in _FIELDS):
            self._heard = message

    def check(self) -> None:
        """Refuse to go on if a buffer has overflowed. Asks no device.

        Raises:
            BufferOverflowError: If one has; names the field to raise and what PhysX said.
        """
        if self._heard is None:
            return
        said = self._heard.lower()
        field = next(field for words, field in _FIELDS.items() if words in said)
        raise BufferOverflowError(
            "A buffer of PhysX on the GPU was too small, so that contacts were lost. Raise"
            f" env.sim.physics.{field} or lower --num_envs. PhysX said: {' '.join(self._heard.split())}"
        )
