# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One HTML page about a trained team that needs no other file: table, curves, actions of each agent, video."""

from __future__ import annotations

import base64
import html
import io
import numpy as np
import torch
from collections.abc import Callable, Sequence
from pathlib import Path
from tensordict import TensorDict

from matplotlib.figure import Figure

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.experiments.method_style import METHOD_STYLES, axis_name
from ddpl_isaac.experiments.run_curves import QUANTITIES, ReportError, read_curve
from ddpl_isaac.runners.evaluator import EvaluationResult

DRAWS = 2048
"""Actions drawn at one observation."""

_MAX_DIMS = 6
"""Action dimensions of an agent that are drawn."""

_COLOR = METHOD_STYLES["diffusion"].color

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse } th, td { border-bottom: 1px solid #ccc; padding: .3rem .8rem; text-align: left }
img, video { max-width: 100% } h2 { margin-top: 2rem }
"""


def draw_actions(policy: Callable[[TensorDict], torch.Tensor], obs: TensorDict, env: int) -> np.ndarray:
    """Draw joint actions at the observations of one environment.

    Args:
        policy: Maps observations of any number of environments to joint actions.
        obs: Observations of all environments.
        env: The environment.

    Returns:
        Actions in the units of the environment. Shape: (DRAWS, num_actions).
    """
    with torch.inference_mode():
        return policy(obs[env : env + 1].expand(DRAWS).contiguous()).cpu().double().numpy()


def num_modes(values: np.ndarray, low: float, high: float) -> int:
    """Count the maxima of a smoothed histogram that stand out of the valleys beside them.

    A maximum counts if the density between it and every higher one falls below half of its own.

    Args:
        values: Draws of one coordinate. Shape: (n,).
        low: Lower end of its range.
        high: Upper end.
    """
    counts, _ = np.histogram(values, bins=60, range=(low, high))
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2.0) ** 2)
    density = np.convolve(counts, kernel / kernel.sum(), mode="same")
    padded = np.concatenate(([0.0], density, [0.0]))
    peaks = [i for i in range(1, 61) if padded[i] > padded[i - 1] and padded[i] >= padded[i + 1]]
    peaks = [i for i in peaks if padded[i] > 0.02 * padded.max()]
    kept: list[int] = []
    for peak in sorted(peaks, key=lambda i: -padded[i]):
        valleys = [padded[min(peak, other) : max(peak, other) + 1].min() for other in kept]
        if all(valley < 0.5 * padded[peak] for valley in valleys):
            kept.append(peak)
    return len(kept)


def write_page(
    path: Path,
    results: Sequence[EvaluationResult],
    agents: Sequence[AgentSpec],
    actions: np.ndarray,
    run_dir: Path,
    *,
    title: str,
) -> None:
    """Write the page.

    Args:
        path: HTML file; its directory is created.
        results: Evaluations, one row of the table each.
        agents: The agents.
        actions: Joint actions drawn at one observation. Shape: (draws, num_actions).
        run_dir: Directory of the run, whose curves and newest video are shown where there are any.
        title: Heading.
    """
    parts = [f"<h1>{html.escape(title)}</h1>", "<h2>Evaluation</h2>", _table(results), "<h2>Training</h2>"]
    parts += [_picture(_curves(run_dir), "Curves of the training") or "<p>The run has no curves.</p>"]
    parts.append("<h2>Actions</h2>")
    parts.append(f"<p>{len(actions)} draws of every agent at one observation; dotted lines are the bounds.</p>")
    for agent in agents:
        parts.append(f"<h3>{html.escape(agent.name)}</h3>")
        parts.append(_picture(_action_figure(agent, actions[:, agent.action_slice]), f"Actions of {agent.name}"))
    parts += ["<h2>Video</h2>", _video(run_dir)]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n", encoding="utf-8")


def _table(results: Sequence[EvaluationResult]) -> str:
    """Return the table of the evaluations, which Markdown aligns already."""
    lines = results[0].to_table(*results[1:]).splitlines()
    rows = [[html.escape(cell.strip()) for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]
    tags = ["th", *["td"] * len(results)]
    tagged = ["".join(f"<{tag}>{cell}</{tag}>" for cell in row) for tag, row in zip(tags, rows, strict=True)]
    return f"<table><tr>{'</tr><tr>'.join(tagged)}</tr></table>"


def _curves(run_dir: Path) -> Figure | None:
    """Draw what the run logged against environment steps, or return None if it logged nothing."""
    curves = {}
    for quantity in QUANTITIES:
        try:
            curves[quantity] = read_curve(run_dir, quantity, num_envs=1, num_agents=1)
        except ReportError:
            continue
    if not curves:
        return None
    figure = Figure(figsize=(3.4 * len(curves), 2.8), dpi=110, layout="constrained")
    for axes, (quantity, curve) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves.items(), strict=True):
        axes.plot(curve.env_steps, curve.values, color=_COLOR)
        axes.set(xlabel=axis_name("environment steps"), ylabel=axis_name(quantity))
        axes.grid(alpha=0.3)
    return figure


def _action_figure(agent: AgentSpec, actions: np.ndarray) -> Figure:
    """Draw a histogram of every dimension, and the plane of the first two. Shape of actions: (draws, action_dim)."""
    dims = min(agent.action_dim, _MAX_DIMS)
    plane = agent.action_dim > 1
    figure = Figure(figsize=(2.6 * (dims + plane), 2.6), dpi=110, layout="constrained")
    axes_list = figure.subplots(1, dims + plane, squeeze=False)[0]
    for dim in range(dims):
        axes, low, high = axes_list[dim], agent.low[dim], agent.high[dim]
        axes.hist(actions[:, dim], bins=60, range=(low, high), color=_COLOR)
        modes = num_modes(actions[:, dim], low, high)
        axes.set(
            xlabel=f"action {dim}",
            ylabel="draws" if dim == 0 else "",
            yticks=[],
            title=f"{modes} mode{'s' if modes != 1 else ''}",
        )
        for bound in (low, high):
            axes.axvline(bound, color="gray", linestyle=":")
    if plane:
        axes = axes_list[-1]
        axes.plot(actions[:, 0], actions[:, 1], ".", markersize=1.5, alpha=0.5, color=_COLOR)
        axes.set(xlabel="action 0", ylabel="action 1", xlim=(agent.low[0], agent.high[0]))
        axes.set_ylim(agent.low[1], agent.high[1])
    return figure


def _picture(figure: Figure | None, text: str) -> str:
    """Return a figure as part of the page."""
    if figure is None:
        return ""
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return f'<img alt="{html.escape(text)}" src="data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}">'


def _video(run_dir: Path) -> str:
    """Return the newest video of the run as part of the page."""
    videos = sorted((run_dir / "videos").rglob("*.mp4"), key=lambda video: video.stat().st_mtime)
    if not videos:
        return "<p>The run has no video; play.py --video records one.</p>"
    data = base64.b64encode(videos[-1].read_bytes()).decode()
    return f'<video controls loop muted src="data:video/mp4;base64,{data}"></video>'
