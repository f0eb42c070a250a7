"""Coverage: which products recommendations show, and which they never do."""
