"""Operations of torch.nn and its utilities that have no rule: what they compute is observed only."""

from __future__ import annotations

OBSERVED_ONLY: tuple[tuple[str, str], ...] = (
    ("linalg_householder_product", "orthogonal parametrisation: products of reflections"),
    ("_native_multi_head_attention", "MultiheadAttention in one operation: evaluation alone, no gradients"),
    ("_transformer_encoder_layer_fwd", "TransformerEncoderLayer in one operation: evaluation, no gradients"),
    ("grid_sampler_2d", "grid_sample: weights that depend on the grid, which is differentiated as well"),
    ("grid_sampler_2d_backward", "as above"),
    ("grid_sampler_3d", "as above"),
    ("grid_sampler_3d_backward", "as above"),
)
"""Names of operations, each with where it is met and what it would need."""
