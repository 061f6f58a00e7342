"""The plots of docs/simulation.md."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
mpl.rcParams.update({"svg.hashsalt": "tokenvend", "svg.fonttype": "none", "font.size": 9})

import matplotlib.pyplot as plt  # noqa: E402 - the backend is chosen first
from matplotlib.axes import Axes  # noqa: E402

_SIZE = (7.0, 3.2)
_HOURS_A_DAY = 24


def draw(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw every plot of *result* into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _draw_exchanges(result["by_lifetime"], folder / "simulation-exchanges.svg"),
        _draw_load(result["by_hour"], folder / "simulation-load.svg"),
        _draw_stampede(result["stampedes"], folder / "simulation-stampede.svg"),
        _draw_backlog(result["renewal_backlog"], folder / "simulation-backlog.svg"),
    ]


def _draw_exchanges(rows: Mapping[str, Mapping[str, float]], path: Path) -> Path:
    axes = _axes("lifetime of the token, s", "exchanges in the month")
    names = ("exchanges", "least_possible", "one_per_lifetime")
    for number, name in enumerate(names):
        places = [place + (number - 1) * 0.27 for place in range(len(rows))]
        label = "made" if name == "exchanges" else name.replace("_", " ")
        axes.bar(places, [row[name] for row in rows.values()], width=0.25, label=label)
    axes.set_xticks(range(len(rows)), list(rows))
    return _save(axes, path)


def _draw_load(hours: Sequence[Mapping[str, float]], path: Path) -> Path:
    axes = _axes("day", "an hour")
    days = [hour / _HOURS_A_DAY for hour in range(1, len(hours))]
    for what in ("requests", "reads", "writes"):
        rises = [after[what] - before[what] for before, after in pairwise(hours)]
        axes.plot(days, rises, label=what, linewidth=0.8)
    axes.set_yscale("log")
    return _save(axes, path)


def _draw_stampede(stampedes: Sequence[Mapping[str, Any]], path: Path) -> Path:
    axes = _axes("cold environments at once", "last answer after the provider's, ms")
    for pace, label in ((False, "all within 50 ms"), (True, "as Lambda adds them")):
        ours = [each for each in stampedes if each["at_lambdas_pace"] is pace and each["patient"]]
        axes.plot(
            [each["environments"] for each in ours],
            [each["last_after_provider_ms"] for each in ours],
            marker="o",
            markersize=3,
            label=label,
        )
    axes.axhline(250, linestyle=":", color="grey", label="goal up to 500: 250 ms")
    axes.set_xscale("log")
    axes.set_yscale("log")
    return _save(axes, path)


def _draw_backlog(backlogs: Sequence[Mapping[str, Any]], path: Path) -> Path:
    axes = _axes("minutes", "tokens due and not yet renewed")
    for each in backlogs:
        label = "all made in one minute" if each["at_once"] else "made evenly over 22 minutes"
        curve = each["curve"]
        axes.plot([at / 60 for at, _ in curve], [waiting for _, waiting in curve], label=label)
    return _save(axes, path)


def _axes(x: str, y: str) -> Axes:
    _, axes = plt.subplots(figsize=_SIZE, layout="constrained")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, alpha=0.3)
    return axes


def _save(axes: Axes, path: Path) -> Path:
    axes.legend(fontsize=8)
    plt.savefig(path, metadata={"Date": None})
    plt.close("all")
    return path
