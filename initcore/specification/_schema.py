"""The JSON Schema of the specification's data (draft 2020-12)."""

from typing import Any

__all__ = ["SCHEMA"]

TEXT = {"type": "string"}
END = {
    "type": "object",
    "properties": {"value": {"type": "number"}, "included": {"type": "boolean"}},
    "required": ["value", "included"],
    "additionalProperties": False,
}
PARAMETER = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["real", "integer", "choice"]},
        "unit": TEXT,
        "domain": {**TEXT, "description": "the domain in words"},
        "finite": {"type": "boolean", "description": "whether infinities are refused"},
        "low": END,
        "high": END,
        "options": {"type": "array", "items": TEXT},
        "callable": {"const": True, "description": "functions are taken too"},
        "default": {"type": ["number", "string"]},
        "required": {"const": True},
    },
    "required": ["kind", "unit", "domain"],
    "oneOf": [{"required": ["default"]}, {"required": ["required"]}],
    "additionalProperties": False,
}
INITIALIZER = {
    "type": "object",
    "properties": {
        "statement": {**TEXT, "description": "what the result is, as a property to test"},
        "definition": TEXT,
        "shape": {
            "type": "object",
            "properties": {
                "least_axes": {"type": "integer", "minimum": 0},
                "most_axes": {"type": ["integer", "null"]},
                "what": TEXT,
                "condition": TEXT,
            },
            "required": ["least_axes", "most_axes", "what", "condition"],
            "additionalProperties": False,
        },
        "parameters": {"type": "object", "additionalProperties": PARAMETER},
        "random": {"type": "boolean"},
        "invariants": {"type": "array", "items": TEXT, "minItems": 1},
        "source": TEXT,
    },
    "required": [
        "statement", "definition", "shape", "parameters", "random", "invariants", "source",
    ],
    "additionalProperties": False,
}  # fmt: skip

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Specification of weight initializers",
    "type": "object",
    "properties": {
        "specification": {"const": "initcore"},
        "version": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+$"},
        "layout": TEXT,
        "dtypes": {"type": "array", "items": TEXT},
        "stream": {"type": "object", "additionalProperties": TEXT},
        "initializers": {"type": "object", "additionalProperties": INITIALIZER},
    },
    "required": ["specification", "version", "layout", "dtypes", "stream", "initializers"],
    "additionalProperties": False,
}
