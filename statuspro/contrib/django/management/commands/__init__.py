"""The commands, a module each, as Django looks for them."""
