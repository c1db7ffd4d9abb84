package wasm

import (
	"cmp"
	"slices"
)

// region is the whole function or a loop in it: a range of segments, within
// which jumps lead forward, except to the beginning of a loop. Regions are
// nested, as blocks of a module have to be.
type region struct {
	first, last int // segments
	loop        bool
	children    []*region
	// targets are those segments, and first segments of children, that are
	// jumped to: a block ends before each.
	targets []int
	// entries are the segments other than the first at which jumps from outside
	// enter a loop. No loop of Go has any unless goto makes one; such a loop
	// begins with a choice, made by the parameter, which nobody else needs any more.
	entries []int
}

// findRegions makes the region of a range of segments.
func findRegions(first, last int, loop bool, jumps []jump) *region {
	r := &region{first: first, last: last, loop: loop}
	var back []jump
	for _, j := range jumps {
		if j.to <= j.from && j.to >= first && j.from <= last && !(loop && j.to == first) {
			back = append(back, j)
		}
	}
	slices.SortFunc(back, func(a, b jump) int { return cmp.Compare(a.to, b.to) })
	for len(back) > 0 {
		begin, end := back[0].to, back[0].from
		for len(back) > 0 && back[0].to <= end {
			end = max(end, back[0].from)
			back = back[1:]
		}
		r.children = append(r.children, findRegions(begin, end, true, jumps))
	}
	return r
}

// child returns the loop in this region that a segment is in; nil: none.
func (r *region) child(segment int) *region {
	for _, c := range r.children {
		if segment >= c.first && segment <= c.last {
			return c
		}
	}
	return nil
}

// landing is where a jump within the region leads, if not to its own beginning.
func (r *region) landing(to int) int {
	if c := r.child(to); c != nil {
		return c.first
	}
	return to
}

// innermost is the region in which both ends of a jump are.
func (r *region) innermost(j jump) *region {
	for c := r.child(j.to); c != nil && c == r.child(j.from); c = r.child(j.to) {
		r = c
	}
	return r
}

// expect notes what a jump needs.
func (r *region) expect(j jump) {
	r = r.innermost(j)
	if r.loop && j.to == r.first {
		return
	}
	r.target(r.landing(j.to))
	for c := r.child(j.to); c != nil && c.first != j.to; c = c.child(j.to) {
		if !slices.Contains(c.entries, j.to) {
			c.entries = append(c.entries, j.to)
		}
		c.target(c.landing(j.to))
	}
}

func (r *region) target(segment int) {
	if !slices.Contains(r.targets, segment) {
		r.targets = append(r.targets, segment)
	}
}
