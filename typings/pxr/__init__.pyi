# OpenUSD's own stubs say that every function returns None.
from typing import Any

def __getattr__(name: str) -> Any: ...
