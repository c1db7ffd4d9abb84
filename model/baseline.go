package model

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// BaselineOptions says what a run is compared with, and what in it does not matter.
type BaselineOptions struct {
	// Baselines are runs of the same story in fair weather. The first is what the
	// run has to end like. What the others end differently in is not determined
	// by the story, and no difference there counts: the more baselines, the fewer
	// false alarms.
	Baselines []*History
	// Ignore lists what may differ: "RESOURCE" or "RESOURCE: PATH", with the
	// resource as kubectl names it ("jobs.batch") or "*", and the path of a
	// field with dots ("status.failed"), which stands for all below it. Keys of
	// lists are left out: "status.conditions.message".
	Ignore []string
	// Rename lists fields, as Ignore does, whose values may be others, as long as they
	// are others one to one: which address an object has may depend on timing, and that
	// two have the same may not.
	Rename []string
}

// LikeBaseline is the property that faults leave no trace: after the weather has
// cleared, the cluster is what it would be had there been none. It is the oracle
// that found most bugs of Sieve (OSDI 2022). Objects are compared as
// docs/use/properties.md tells; Events and Leases are left out.
//
// Without a baseline, or without a liveness phase, it is undecided.
func LikeBaseline(o BaselineOptions) Property {
	return Property{
		Name:     "like-twin",
		Sentence: "After the weather has cleared, the cluster is what it would be had the weather been fair.",
		Source:   "Sun et al., Automatic Reliability Testing for Cluster Management Controllers (Sieve, OSDI 2022), section 4.3",
		Class:    ClassLiveness,
		Check: func(h *History) Result {
			switch {
			case len(o.Baselines) == 0:
				return Undecide("there is no run in fair weather to compare with")
			case h.Ended <= h.Cleared:
				return Undecide("the run has no liveness phase")
			}
			return checkLikeBaseline(h, o)
		},
	}
}

// difference between two end states, in one object: in a field, or, with an
// empty path, in how many objects of the name there are.
type difference struct{ name, path, was, is string }

func (d difference) String() string {
	if d.path == "" {
		return fmt.Sprintf("%s: there %s, and in fair weather %s", d.name, d.is, d.was)
	}
	return fmt.Sprintf("%s: %s is %s, and in fair weather %s", d.name, d.path, d.is, d.was)
}

func checkLikeBaseline(h *History, o BaselineOptions) Result {
	want, got := normalEnd(o.Baselines[0]), normalEnd(h)
	var loose []difference
	for _, other := range o.Baselines[1:] {
		loose = append(loose, compareEnds(want, normalEnd(other))...)
	}
	renamed := o.renaming(want, got)
	differences := slices.DeleteFunc(compareEnds(want, got), func(d difference) bool {
		return matches(o.Ignore, d.name, d.path) || renamed(d) || slices.ContainsFunc(loose, func(l difference) bool { return l.covers(d) })
	})
	if len(differences) == 0 {
		return Holds()
	}
	message := h.listDifferences(differences)
	result := Breach(message, h.unlikeSince(differences[0], message))
	result.answerable = func() Culprit { return h.missing(o.Baselines[0], differences[0], message, result.Culprit) }
	return result
}

// manyFields is from how many fields on an object counts as stuck: that it stopped short
// says more than each field in which that shows.
const manyFields = 3

// listDifferences names the first few and counts the others. Of an object with many it
// names the first field, and says since when the object is as it is.
func (h *History) listDifferences(all []difference) string {
	const most = 4
	fields := map[string]int{}
	for _, d := range all {
		if d.path != "" {
			fields[d.name]++
		}
	}
	var texts []string
	told := 0
	for i := 0; i < len(all) && len(texts) < most; i++ {
		d, n := all[i], fields[all[i].name]
		if d.path == "" || n < manyFields {
			texts, told = append(texts, d.String()), told+1
			continue
		}
		texts, told = append(texts, fmt.Sprintf("%s; and %d more of its fields; %s", d, n-1, h.stuckSince(d))), told+n
		i += n - 1
	}
	if more := len(all) - told; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more differences", more))
	}
	return strings.Join(texts, "; ")
}

// stuckSince tells the last change of the object of a difference.
func (h *History) stuckSince(d difference) string {
	turns := h.turns(d)
	if len(turns) == 0 {
		return "nothing has ever changed it"
	}
	last := turns[len(turns)-1].commit
	return "it is as it has been since " + last.String()
}

// covers: where two baselines differ, nothing is determined.
func (d difference) covers(other difference) bool {
	return d.name == other.name && (d.path == "" || d.path == other.path)
}

// compareEnds lists differences in order of name and path.
func compareEnds(want, got map[string][]leaves) []difference {
	names := maps.Clone(want)
	maps.Copy(names, got)
	var out []difference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if len(want[name]) != len(got[name]) {
			out = append(out, difference{name: name, was: countOf(want[name]), is: countOf(got[name])})
			continue
		}
		for i := range want[name] {
			out = append(out, compareObjects(name, want[name][i], got[name][i])...)
		}
	}
	return out
}

func countOf(objects []leaves) string {
	switch len(objects) {
	case 0:
		return "is none"
	case 1:
		return "is one"
	}
	return fmt.Sprintf("are %d", len(objects))
}

func compareObjects(name string, want, got leaves) []difference {
	paths := maps.Clone(want)
	maps.Copy(paths, got)
	var out []difference
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		was, before := want[path]
		is, now := got[path]
		if was != is || before != now {
			out = append(out, difference{name: name, path: path, was: shown(was, before), is: shown(is, now)})
		}
	}
	return out
}

func shown(value string, there bool) string {
	if !there {
		return "not there"
	}
	return fmt.Sprintf("%q", value)
}

var listKey = regexp.MustCompile(`\[[^\]]*\]`)

// matches says whether one of the patterns is about a field, or a whole object when the
// path is empty.
func matches(patterns []string, name, path string) bool {
	resource, _, _ := strings.Cut(name, " ")
	path = listKey.ReplaceAllString(path, "")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		of, field, some := strings.Cut(pattern, ":")
		field = strings.TrimSpace(field)
		if of != "*" && of != resource {
			return false
		}
		return !some || field != "" && (path == field || strings.HasPrefix(path, field+"."))
	})
}

// renaming says of a difference whether it is one of names only: all values of the fields
// that may be renamed stand for each other one to one.
func (o *BaselineOptions) renaming(want, got map[string][]leaves) func(difference) bool {
	there, back := map[string]map[string]bool{}, map[string]map[string]bool{}
	put := func(in map[string]map[string]bool, from, to string) {
		if in[from] == nil {
			in[from] = map[string]bool{}
		}
		in[from][to] = true
	}
	for name, objects := range want {
		for i := 0; i < min(len(objects), len(got[name])) && len(o.Rename) > 0; i++ {
			for path, was := range objects[i] {
				if is, both := got[name][i][path]; both && matches(o.Rename, name, path) {
					put(there, shown(was, true), shown(is, true))
					put(back, shown(is, true), shown(was, true))
				}
			}
		}
	}
	return func(d difference) bool {
		return d.path != "" && matches(o.Rename, d.name, d.path) && len(there[d.was]) == 1 && len(back[d.is]) == 1
	}
}
