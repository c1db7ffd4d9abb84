package model

import "reflect"

// Derive gives what several properties need of a history and one pass over it
// can work out. Within one [Judge] work is called once for each type T, and
// whoever asks for that type is given the same value; a property that is checked
// alone works it out again. T must be a type of the caller's own, and work may
// read nothing but the history.
func Derive[T any](h *History, work func(*History) *T) *T {
	key := reflect.TypeFor[T]()
	if known, ok := h.derived[key]; ok {
		return known.(*T)
	}
	made := work(h)
	if h.derived != nil {
		h.derived[key] = made
	}
	return made
}
