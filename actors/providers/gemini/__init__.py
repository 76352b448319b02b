"""The `gemini` provider: pictures by `generateContent`, videos by the Interactions API or, for Veo, an operation."""
