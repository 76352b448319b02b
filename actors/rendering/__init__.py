"""The procedural renderer: prompt-seeded pictures that are functions of coordinates and a seed, and no model."""
