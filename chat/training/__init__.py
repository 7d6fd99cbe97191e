"""How the built-in model is made: a world of synthetic scenes, dialogues about them, and the recipe."""
