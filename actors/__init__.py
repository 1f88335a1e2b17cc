"""The deciders: pure roles that turn a state and a message into the next state and commands."""
