"""A BERT encoder (all-MiniLM-L6-v2 has this shape) over safetensors weights: text to token vectors."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, linear, scaled_dot_product_attention

LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12
MAX_TOKENS = 24


@dataclass(frozen=True)
class Encoded:
    """Token vectors (batch, tokens, width), which tokens are real (batch, tokens), and their mean (batch, width)."""

    tokens: Tensor
    mask: Tensor
    pooled: Tensor


class TextEncoder:
    """The frozen encoder. Prompts are cut after MAX_TOKENS tokens."""

    def __init__(self, folder: Path, dtype: torch.dtype = torch.float64) -> None:
        stored = load_file(folder / "model.safetensors")
        self.weights = {
            name: value.to(dtype) if value.is_floating_point() else value for name, value in stored.items()
        }
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding()

    @torch.inference_mode()
    def encode(self, texts: list[str]) -> Encoded:
        """Encode texts together, padded to the longest of them."""
        batch = self.tokenizer.encode_batch(texts)
        ids = torch.tensor([e.ids for e in batch])
        mask = torch.tensor([e.attention_mask for e in batch], dtype=torch.bool)
        hidden = self._embed(ids)
        for index in range(LAYERS):
            hidden = self._layer(f"encoder.layer.{index}.", hidden, mask)
        real = mask.unsqueeze(-1)
        return Encoded(hidden * real, mask, (hidden * real).sum(1) / real.sum(1))

    def _embed(self, ids: Tensor) -> Tensor:
        table = {
            name: self.weights[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        }
        summed = embedding(ids, table["word"]) + table["position"][: ids.shape[1]] + table["token_type"][0]
        return self._norm("embeddings.LayerNorm.", summed)

    def _layer(self, prefix: str, hidden: Tensor, mask: Tensor) -> Tensor:
        split = (*hidden.shape[:2], HEADS, WIDTH // HEADS)
        q, k, v = (
            self._linear(f"{prefix}attention.self.{name}.", hidden).view(split).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        attended = self._linear(
            f"{prefix}attention.output.dense.", mixed.transpose(1, 2).reshape(hidden.shape)
        )
        hidden = self._norm(f"{prefix}attention.output.LayerNorm.", hidden + attended)
        inner = gelu(self._linear(f"{prefix}intermediate.dense.", hidden))
        return self._norm(
            f"{prefix}output.LayerNorm.", hidden + self._linear(f"{prefix}output.dense.", inner)
        )

    def _linear(self, prefix: str, x: Tensor) -> Tensor:
        return linear(x, self.weights[f"{prefix}weight"], self.weights[f"{prefix}bias"])

    def _norm(self, prefix: str, x: Tensor) -> Tensor:
        return layer_norm(
            x, (WIDTH,), self.weights[f"{prefix}weight"], self.weights[f"{prefix}bias"], EPSILON
        )
