"""``make bench``: each figure as a ratio to a baseline taken in the same run; writes var/bench/latest.json.

Machines are noisy: baseline and product are timed in turn, and the medians are compared. Bare seconds are not goals.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from app import access, firms, matches
from app.candidates import CandidateCache, embed_waiting
from app.db import open_engine, session_maker, transaction, upgrade
from app.knowledge import Knowledge, load_knowledge
from app.listings import read_listing
from app.releases import read_sources
from app.settings import ROOT, Settings
from matching.names import read_name
from matching.pool import embedded_text
from matching.screening import Release, Watchlist, screen_all

ROUNDS = 9


def in_turn(product: Callable[[], Any], baseline: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median seconds of both, run alternately after one unmeasured round each."""
    product(), baseline()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for taken, run in zip(times, (product, baseline), strict=True):
            started = time.perf_counter()
            run()
            taken.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def figure(name: str, size: int, times: tuple[float, float], asked: float) -> dict[str, Any]:
    """One line of the report: the ratio product / baseline, and whether it is at most what is asked."""
    ratio = times[0] / times[1]
    return {
        "name": name,
        "size": size,
        "value": round(times[0], 6),
        "baseline": round(times[1], 6),
        "ratio": round(ratio, 3),
        "asked": asked,
        "ok": ratio <= asked,
    }


def embedding(knowledge: Knowledge, texts: list[str]) -> dict[str, Any]:
    """The encoder against `SentenceTransformer.encode()` of its models at its defaults and on all cores."""
    import torch

    knowledge.encoder.encode(texts[:1])  # loads the models
    models = [part._model for part in getattr(knowledge.encoder, "_parts", (knowledge.encoder,))]
    ours, theirs = torch.get_num_threads(), os.cpu_count() or 1

    def product() -> None:
        torch.set_num_threads(ours)
        knowledge.encoder.encode(texts)

    def baseline() -> None:
        torch.set_num_threads(theirs)
        for model in models:
            model.encode(texts, normalize_embeddings=True, show_progress_bar=False)

    return figure("embedding / sentence-transformers defaults", len(texts), in_turn(product, baseline, rounds=3), 0.9)


def asking(knowledge: Knowledge, sessions: Any) -> dict[str, Any]:
    """One ask, ranked over every triad, explained and recorded, against the exact scan of the same vectors."""
    cache, now = CandidateCache(), datetime.now(UTC)
    ask = matches.Ask(firm="kraken-robotics-inc")
    with transaction(sessions) as session:
        candidates = cache.current(session, access.CONSOLE, knowledge)
    pool = candidates.pool("IND", knowledge.taxonomy, infer_needs=True)
    flat = faiss.IndexFlatIP(knowledge.encoder.dimensions)
    flat.add(pool.vectors[pool.offers])
    queries = np.ascontiguousarray(pool.vectors[:8])

    def request() -> None:
        with transaction(sessions) as session:
            matches.request_matches(session, access.CONSOLE, ask, knowledge, cache, now)

    times = in_turn(request, lambda: [flat.search(query[None], len(pool.offers)) for query in queries])
    return figure("one recorded ask / raw scan of the same statements", candidates.index.__len__(), times, 200.0)


def reseeding(knowledge: Knowledge, sessions: Any, folder: Path) -> dict[str, Any]:
    """Seeding again, nothing changed, against reading and checking the same files only."""

    def again() -> None:
        profiles = firms.read_seed_firms(folder, knowledge.taxonomy)
        with transaction(sessions) as session:
            firms.seed(session, profiles, datetime.now(UTC))

    times = in_turn(again, lambda: firms.read_seed_firms(folder, knowledge.taxonomy))
    return figure("seeding again, unchanged / reading the files", 210, times, 3.0)


def starting() -> dict[str, Any]:
    """`import matching` in a fresh process, against an empty process."""
    times = in_turn(
        lambda: subprocess.run([sys.executable, "-c", "import matching.ranking"], cwd=ROOT, check=True),
        lambda: subprocess.run([sys.executable, "-c", "import numpy, pydantic, faiss"], cwd=ROOT, check=True),
        rounds=5,
    )
    return figure("importing the engine / importing numpy, pydantic and faiss", 1, times, 2.0)


def screening(settings: Settings, firms_screened: int = 10_000) -> dict[str, Any]:
    """Ten thousand firms against the lists held, index and all, against one raw distance of each word to each word.

    The firms are recombined from words of listed names and names of seed firms, so that many are near somebody.
    """
    held = [
        read_listing((settings.seeds / "watchlists" / source.file).read_bytes(), source.id)
        for source in read_sources(settings.seeds / "watchlists").values()
        if source.file
    ]
    entries = tuple(entry for listing in held for entry in listing.entries)
    facts = tuple(
        Release(list_id, list_id, "", "", "", "", "", 0) for list_id in dict.fromkeys(e.release for e in entries)
    )
    draw = random.Random(1)
    words = [word for entry in entries if entry.kind != "individual" for word in entry.name.split()]
    names = [" ".join([*draw.choices(words, k=draw.randint(2, 4)), "Ltd"]) for _ in range(firms_screened)]
    asked, listed = (
        sorted({word.text for name in side for word in read_name(name).words})
        for side in (names, [name for entry in entries for name in entry.names])
    )

    def product() -> None:
        list(screen_all([[name] for name in names], Watchlist(facts, entries)))

    def baseline() -> None:
        for at in range(0, len(asked), 500):
            cdist(asked[at : at + 500], listed, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8, workers=-1)

    times = in_turn(product, baseline, rounds=1)
    return figure("screening 10,000 firms / one distance of each word to each", len(entries), times, 8.0)


def main() -> None:
    """Run all, print a table, write the report."""
    settings = Settings()
    knowledge = load_knowledge(settings)
    profiles = firms.read_seed_firms(settings.seeds / "firms", knowledge.taxonomy)
    texts = list(dict.fromkeys(embedded_text(s) for p in profiles.values() for s in p.statements))
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.sqlite3"
        upgrade(url)
        engine = open_engine(url)
        sessions = session_maker(engine)
        with transaction(sessions) as session:
            firms.seed(session, profiles, datetime.now(UTC))
        embed_waiting(sessions, knowledge, lambda _: lambda _: None)
        report = [
            starting(),
            screening(settings),
            embedding(knowledge, texts[:256]),
            asking(knowledge, sessions),
            reseeding(knowledge, sessions, settings.seeds / "firms"),
        ]
        engine.dispose()
    out = ROOT / "var" / "bench" / "latest.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for line in report:
        print(  # noqa: T201
            f"{line['name']}: ratio {line['ratio']} (asked at most {line['asked']}: {'ok' if line['ok'] else 'short'})"
        )


if __name__ == "__main__":
    main()
