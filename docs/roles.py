# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Hook of the site: docstrings name code by Sphinx's roles, as Isaac Lab's do, which Markdown does not know."""

import re

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):<code>(~?)([\w.]+)</code>")


def on_page_content(html: str, **_: object) -> str:
    """Show the name that a role gives, after a tilde its last part alone."""
    return _ROLE.sub(lambda m: f"<code>{m[2].rpartition('.')[2] if m[1] else m[2]}</code>", html)
