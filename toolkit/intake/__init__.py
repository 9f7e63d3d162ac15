"""What loaders share: raw rows become typed tables, and every row that does not is counted."""
