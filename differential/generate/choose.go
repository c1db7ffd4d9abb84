package generate

import (
	"strings"
)

// weighted is a value and how often it is chosen, relative to its neighbours.
type weighted[T any] struct {
	weight int
	value  T
}

func choose[T any](g *generator, from []weighted[T]) T {
	sum := 0
	for _, w := range from {
		sum += w.weight
	}
	n := g.Intn(sum)
	for _, w := range from {
		if n < w.weight {
			return w.value
		}
		n -= w.weight
	}
	panic("generate: weights do not add up")
}

// oneOf gives every value the same chance; repeat a value to weigh it.
func oneOf[T any](g *generator, values ...T) T { return values[g.Intn(len(values))] }

// some gives between 0 and limit different values, in their order.
func some[T any](g *generator, limit int, values ...T) []T {
	n := g.Intn(min(limit, len(values)) + 1)
	var out []T
	for i, v := range values {
		if g.Intn(len(values)-i) < n-len(out) {
			out = append(out, v)
		}
	}
	return out
}

func (g *generator) chance(p float64) bool { return g.Float64() < p }

// object is a JSON object.
type object = map[string]any

// set puts the value into o with probability p.
func (g *generator) set(o object, p float64, key string, value func() any) {
	if g.chance(p) {
		o[key] = value()
	}
}

// referenceEscapes undoes query escaping for the characters of a reference, so
// that it is found when the case runs.
var referenceEscapes = strings.NewReplacer("%24%7B", "${", "%7D", "}", "%3A", ":")

func unescapeReferences(query string) string {
	if !strings.Contains(query, "%24%7B") {
		return query
	}
	return referenceEscapes.Replace(query)
}
