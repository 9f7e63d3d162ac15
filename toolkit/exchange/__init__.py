"""Other tools that an audit can be handed to, one a file."""
