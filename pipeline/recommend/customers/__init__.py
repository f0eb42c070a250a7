"""What is kept of single customers: that one refuses recommendations."""
