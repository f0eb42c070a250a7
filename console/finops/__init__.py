"""What several FinOps subjects share: charges and where they come from, the price book, exact decimals."""
