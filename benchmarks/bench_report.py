"""The page and the plots of ``make bench``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MEASURED, TESTS, OTHER = "#2a78d6", "#eb6834", "#1baf7a"


def plots(results: dict[str, Any], folder: Path) -> None:
    """Draw a plot for each benchmark that has results."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "xpcaps"
    mpl.rcParams["font.size"] = 10
    for name, draw in (
        ("core", _draw_core),
        ("scipy", _draw_scipy),
        ("targets", _draw_targets),
        ("pages", _draw_pages),
    ):
        if name in results:
            figure = draw(results[name])
            figure.tight_layout()
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _draw_core(result: dict[str, Any]) -> Any:
    rows = result["rows"]
    figure, axes = _figure(8, 0.42 * len(rows) + 1)
    places = range(len(rows))
    ours = [row["ours"] / row["baseline"] for row in rows]
    peers = [row["peer"] / row["baseline"] for row in rows]
    axes.barh([y - 0.2 for y in places], ours, 0.36, color=MEASURED, label="core")
    axes.barh([y + 0.2 for y in places], peers, 0.36, color=TESTS, label="array-api-extra")
    axes.set_yticks(list(places), [row["title"] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="gray", linewidth=1)
    axes.set_xlabel("time of the call, relative to the baseline (1)")
    axes.legend(frameon=False)
    return figure


def _draw_scipy(result: dict[str, Any]) -> Any:
    modules = result["modules"]
    figure, axes = _figure(7, 0.8 * len(modules) + 1)
    places = range(len(modules))
    per = [(it["measured"], it["tests"], it["measured"]["functions"]) for it in modules.values()]
    axes.barh(
        [y - 0.2 for y in places],
        [m["seconds"] / n for m, _, n in per],
        0.36,
        color=MEASURED,
        label="measuring",
    )
    axes.barh(
        [y + 0.2 for y in places],
        [t["seconds"] / n for _, t, n in per],
        0.36,
        color=TESTS,
        label="SciPy's tests",
    )
    axes.set_yticks(list(places), list(modules))
    axes.invert_yaxis()
    axes.set_xlabel("seconds for each function, with PyTorch, JAX and Dask")
    axes.legend(frameon=False)
    return figure


def _draw_targets(result: dict[str, Any]) -> Any:
    lines = {"measured": "measured", "again": "again, nothing changed"}
    return _draw_times(result["rows"], lines, "functions", "seconds")


def _draw_pages(result: dict[str, Any]) -> Any:
    lines = {"idle": "no change", "without": "no change, without the extension"}
    return _draw_times(result["rows"], lines, "functions with a table", "seconds of a build")


def _draw_times(
    rows: Sequence[dict[str, Any]], lines: dict[str, str], xlabel: str, ylabel: str
) -> Any:
    """Return a figure of times by number of targets; the first of two lines is highlighted."""
    figure, axes = _figure(7, 3.2)
    numbers = [row["targets"] for row in rows]
    for (key, label), color in zip(lines.items(), (MEASURED, OTHER), strict=True):
        axes.plot(numbers, [row[key] for row in rows], "o-", color=color, label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.legend(frameon=False)
    return figure


def sections(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page below its title."""
    if not results:
        yield "`make bench` runs the benchmarks and writes this page. It has not been run for this"
        yield "version."
        return
    yield "`make bench` runs these benchmarks and writes this page. The numbers are in"
    yield "{download}`results.json`. Each section names the machine. A machine that does other work"
    yield "at the same time shows in the load, and makes times longer; ratios change less."
    for name, section in (
        ("core", _core),
        ("scipy", _scipy),
        ("targets", _targets),
        ("pages", _pages),
    ):
        if name in results:
            yield ""
            yield from section(results[name])
            yield from _machine(results[name]["machine"])


def _machine(machine: dict[str, str]) -> Iterator[str]:
    yield ""
    yield f"Measured {machine['date']}: {machine['processor']}, {machine['system']},"
    yield f"load {machine['load']} at the start; {machine['packages']}."


def _core(result: dict[str, Any]) -> Iterator[str]:
    yield from ("## Calls through `core`", "")
    yield "The time of one call with arrays of 8 elements, so that overhead dominates. The baseline"
    yield "is the same work without `core`: for example `jax.jit` with static arguments for"
    yield "`autojit`, and for Dask the call of array-api-extra."
    yield from ("", "![Times relative to the baseline](core.svg)", "")
    yield from ("| call | core | baseline | array-api-extra |", "| --- | ---: | ---: | ---: |")
    for row in result["rows"]:
        yield (
            f"| {row['title']} | {row['ours']:.1f} µs | {row['baseline']:.1f} µs"
            f" | {row['peer']:.1f} µs |"
        )


def _scipy(result: dict[str, Any]) -> Iterator[str]:
    yield from ("## Measuring, and running SciPy's tests", "")
    yield "A maintainer's other way to find out what works is to run the tests with each library."
    yield "Both used two processes. Tests make far more calls for each function, and check more;"
    yield "they skip what SciPy declares as unsupported, so they cannot find that it works, and"
    yield "do not check `jax.jit`, or that Dask computes nothing, for each function."
    yield from ("", "![Seconds for each function](scipy.svg)", "")
    yield "| module | functions | measuring | SciPy's tests |"
    yield "| --- | ---: | ---: | ---: |"
    for module, it in result["modules"].items():
        yield (
            f"| `{module}` | {it['measured']['functions']} | {it['measured']['seconds']:.0f} s"
            f" | {it['tests']['seconds']:.0f} s |"
        )
    yield from ("", "What each found:", "", "| module | library | measuring | SciPy's tests |")
    yield "| --- | --- | --- | --- |"
    for module, it in result["modules"].items():
        for backend, found in it["measured"]["found"].items():
            tests = it["tests"]["found"].get(backend) or {"stopped at the time limit": 1}
            yield f"| `{module}` | {backend} | {_numbers(found)} | {_numbers(tests)} |"


def _numbers(found: dict[str, int]) -> str:
    return ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in found.items())


def _targets(result: dict[str, Any]) -> Iterator[str]:
    yield from ("## More functions", "")
    yield f"`sphinx-xpcaps measure` with {', '.join(result['backends'])}, for generated functions"
    yield "with one example each; then again without a change."
    yield from ("", "![Seconds by the number of functions](targets.svg)", "")
    yield from ("| functions | measured | for each | again |", "| ---: | ---: | ---: | ---: |")
    for row in result["rows"]:
        number, seconds = row["targets"], row["measured"]
        each = f"{seconds / number:.2f} s"
        yield f"| {number} | {seconds:.1f} s | {each} | {row['again']:.1f} s |"


def _pages(result: dict[str, Any]) -> Iterator[str]:
    yield from ("## A build without changes", "")
    yield f"A site with {result['per_page']} tables on each page, built again without a change: the"
    yield "fastest of three builds, with the extension and without it."
    yield from ("", "![Seconds of a build](pages.svg)", "")
    yield "| functions | first build | no change | no change, without the extension |"
    yield "| ---: | ---: | ---: | ---: |"
    for row in result["rows"]:
        yield (
            f"| {row['targets']} | {row['first']:.1f} s | {row['idle']:.2f} s"
            f" | {row['without']:.2f} s |"
        )
