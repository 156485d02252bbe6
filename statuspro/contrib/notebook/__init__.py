"""Orders in notebooks: data frames, plots, and a bar that says why it waits.

The extra `notebook` brings what this needs: pandas, matplotlib and tqdm. A module whose name begins
with an underscore has nothing that users call.
"""

try:
    import matplotlib  # noqa: F401
    import pandas  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("matplotlib", "pandas"):
        raise
    hint = f'statuspro.contrib.notebook needs {error.name}: pip install "statuspro[notebook]"'
    raise ModuleNotFoundError(hint, name=error.name) from None

from statuspro.contrib.notebook.columns import NO_STATUS
from statuspro.contrib.notebook.frames import orders_frame
from statuspro.contrib.notebook.histories import durations_frame, history_frame
from statuspro.contrib.notebook.interruption import read_so_far
from statuspro.contrib.notebook.plots import (
    plot_age,
    plot_by_status,
    plot_due,
    plot_durations,
    plot_flow,
)
from statuspro.contrib.notebook.showing import Shown, show
from statuspro.contrib.notebook.syncing import sync

__all__ = [
    "NO_STATUS",
    "Shown",
    "durations_frame",
    "history_frame",
    "orders_frame",
    "plot_age",
    "plot_by_status",
    "plot_due",
    "plot_durations",
    "plot_flow",
    "read_so_far",
    "show",
    "sync",
]
