"""How files are read, whatever they hold: recognised by content, defused, within limits."""
