"""Conversations with processes that can be killed.

A service is a child process that answers requests. `wire` says what may be said, `child` starts and kills
the process, `service` is the parent's end and `serving` the child's. Limits, interrupts, restarts, progress
and errors are the same for all: a service adds its messages, a method that asks, and a function that answers.
"""
