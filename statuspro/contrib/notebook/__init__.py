"""Orders in notebooks: data frames, plots, and a bar that says why it waits.

The extra `notebook` brings what this needs: pandas, matplotlib and tqdm.
"""

try:
    import matplotlib  # noqa: F401
    import pandas  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("matplotlib", "pandas"):
        raise
    hint = f'statuspro.contrib.notebook needs {error.name}: pip install "statuspro[notebook]"'
    raise ModuleNotFoundError(hint, name=error.name) from None

__all__: list[str] = []
