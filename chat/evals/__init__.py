"""Measuring what a model sees and remembers, on generated dialogues it was not trained on."""
