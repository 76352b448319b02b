"""What the API says of itself: each route's description, and the OpenAPI and AsyncAPI documents made from them."""
