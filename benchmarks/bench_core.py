"""The overhead of calls through `core`, beside array-api-extra's, in one process."""

from __future__ import annotations

from itertools import chain
from typing import Any

ROUNDS = 40


def run() -> dict[str, Any]:
    """Return the microseconds of each call: ours, without `core`, and the peer's."""
    from benchmarks.core_overhead import autojit_comparisons, lazy_apply_comparisons, measure

    rows = []
    for comparison in chain(lazy_apply_comparisons(), autojit_comparisons()):
        ours, baseline, peer = measure(comparison, ROUNDS)
        rows.append(
            {
                "title": comparison.title,
                "ours": round(ours, 2),
                "baseline": round(baseline, 2),
                "peer": round(peer, 2),
            }
        )
    return {"rows": rows}
