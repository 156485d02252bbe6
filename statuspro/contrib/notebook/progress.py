"""A bar that counts what is read, and says why it waits."""
