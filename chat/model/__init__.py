"""The vision-language model: ViT encoder, gated cross-attention decoder, tokenizer, caches, checkpoints."""
