"""Work: the Dramatiq broker, middleware, actors, and the providers that generate media."""
