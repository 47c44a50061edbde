"""Contracts: the frozen Structs that cross the border between two services, and nothing else.

Contracts only grow: a new field has a default, and none is renamed or retyped. JSON to people,
MessagePack between services. Services of several versions work together: unknown fields are ignored, and what only
services send each other leaves out defaults (`omit_defaults`).
"""
