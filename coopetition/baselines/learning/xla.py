"""JAX, set up for many small networks on a processor: one thread, compiled programs kept between processes.

Every module of this package imports JAX from here, so that the settings are made before its first computation. What
the user has set (``XLA_FLAGS``, ``JAX_COMPILATION_CACHE_DIR``) stays.
"""

from __future__ import annotations

import os
from pathlib import Path

#: One thread: networks of this size gain nothing from more, and populations are spread over processes instead.
FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

if "xla_cpu_multi_thread_eigen" not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {FLAGS}".strip()
os.environ.setdefault("JAX_PLATFORMS", "cpu")

try:
    import jax
    import jax.numpy as jnp
    import optax
except ImportError as error:
    raise ImportError(f"learning needs JAX and Optax: pip install 'coopetition[learn]' ({error})") from None


def _keep_programs() -> None:
    """Compile once a machine, not once a process."""
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    home = os.environ.get("COOPETITION_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "coopetition-xla"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


_keep_programs()

__all__ = ["jax", "jnp", "optax"]
