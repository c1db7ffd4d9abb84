package model

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// noWallClock judges what the subject writes: a point in time that lies more than
// twenty years from the run's own clock was not read from it. Virtual time begins
// at the start of the year 2000 and the wall clock is past 2025, so that is what
// time looks like that came from a system call.
// Times in strings that hold more than the time are not looked at, nor are
// Secrets, whose certificates may be valid for long.
func noWallClock() Property {
	return Property{
		Name:     "no-wall-clock",
		Sentence: "The subject knows no other time than the run's: nothing that it writes is dated twenty years away.",
		Source:   "docs/inside/determinism.md: what depends on the wall clock cannot be replayed",
		Class:    ClassCrash,
		Check:    checkWallClock,
	}
}

// epoch is when virtual time begins, as testing/synctest has it.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

const tooFar = 20 * 365 * 24 * time.Hour

func checkWallClock(h *History) Result {
	for i := range h.Commits {
		c := &h.Commits[i]
		if c.New == nil || !c.Subject() || c.Group == "" && c.Resource == "secrets" {
			continue
		}
		now := epoch.Add(c.At)
		if field, at, found := farTime(asMap(c.New), "", now); found {
			return Breach(fmt.Sprintf("%s of %s is %s, while it was %s in the run: it was read from the wall clock, or from outside",
				field, c.objectID(), at.Format(time.RFC3339), now.Format(time.RFC3339)), c.Culprit())
		}
	}
	return Holds()
}

// farTime finds a time that is far from now; of several, any one that comes first
// in the order of names.
func farTime(value any, path string, now time.Time) (field string, at time.Time, found bool) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if field, at, found = farTime(v[key], join(path, key), now); found {
				return field, at, true
			}
		}
	case []any:
		for _, item := range v {
			if field, at, found = farTime(item, path, now); found {
				return field, at, true
			}
		}
	case string:
		if len(v) < len("2006-01-02T15:04:05Z") || v[4] != '-' {
			return "", at, false
		}
		if at, err := time.Parse(time.RFC3339, v); err == nil && at.Sub(now).Abs() > tooFar {
			return path, at, true
		}
	}
	return "", at, false
}
