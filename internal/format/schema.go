package format

import "math"

// Schema is a JSON Schema, draft 2020-12, as JSON holds it.
type Schema = map[string]any

// durationPattern is what [time.ParseDuration] reads and is not negative.
const durationPattern = `^[+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// AnyText is the schema of a text that is not empty.
func AnyText() Schema { return Schema{"type": "string", "minLength": 1} }

// durationSchema: 0 needs no unit, and is then a number.
func durationSchema() Schema {
	return Schema{"anyOf": []any{Schema{"type": "string", "pattern": durationPattern}, Schema{"const": 0}}}
}

// positiveSchema is a duration with a digit that is not 0.
func positiveSchema() Schema {
	return Schema{"type": "string", "allOf": []any{Schema{"pattern": durationPattern}, Schema{"pattern": "[1-9]"}}}
}

// integerSchema is a whole number that Go's int can hold, of least or more.
func integerSchema(least int) Schema {
	return Schema{"type": "integer", "minimum": least, "maximum": math.MaxInt}
}

func spanSchema() Schema {
	return Schema{"oneOf": []any{durationSchema(), Schema{
		"type": "object", "additionalProperties": false, "required": []any{"max"},
		"properties": Schema{"min": durationSchema(), "max": durationSchema()},
	}}}
}

func listOf(item Schema) Schema { return Schema{"type": "array", "minItems": 1, "items": item} }

// AnyObject is the schema of a mapping with any fields.
func AnyObject() Schema { return Schema{"type": "object"} }

// OneText is the schema of a text that is one of those given.
func OneText(texts ...string) Schema {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return Schema{"type": "string", "enum": values}
}
