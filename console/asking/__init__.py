"""How a question gets its answer: scope, cache, engines, and what every answer is made of."""
