package results

import (
	"cmp"
	"slices"

	"github.com/seatrial/seatrial/model"
)

// Group is failures that most likely are one bug: they have one signature (see
// [scenarios.Signature]) or, when they tell none, one property.
type Group struct {
	Times int
	First Failure // of the lowest seed
}

// Name is what the failures have in common.
func (g *Group) Name() string { return cmp.Or(g.First.Signature, g.First.Property) }

// Of are those of the failures that belong to the group, in their order.
func (g *Group) Of(failures []Failure) []Failure {
	var out []Failure
	for _, f := range failures {
		if g.same(&Group{First: f}) {
			out = append(out, f)
		}
	}
	return out
}

// same says whether two groups are of one bug, most likely.
func (g *Group) same(other *Group) bool {
	return g.First.Subject == other.First.Subject && g.First.Verdict == other.First.Verdict && g.Name() == other.Name()
}

// GroupsOf puts failures into groups: the gravest first, of those the most
// frequent, of those the one with the lowest seed.
func GroupsOf(failures []Failure) []Group {
	var groups []Group
	for _, f := range failures {
		one := Group{Times: 1, First: f}
		i := slices.IndexFunc(groups, func(g Group) bool { return g.same(&one) })
		if i < 0 {
			groups = append(groups, one)
			continue
		}
		if g := &groups[i]; f.Seed < g.First.Seed {
			g.First = f
		}
		groups[i].Times++
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(gravity(a.First.Verdict), gravity(b.First.Verdict)), cmp.Compare(b.Times, a.Times), cmp.Compare(a.First.Seed, b.First.Seed))
	})
	return groups
}

// Graver says whether a verdict is graver than another. A pass, or none, is graver
// than nothing.
func Graver(a, b model.VerdictKind) bool {
	return gravity(a) >= 0 && (gravity(b) < 0 || gravity(a) < gravity(b))
}

// gravity orders verdicts, the gravest first.
func gravity(v model.VerdictKind) int {
	return slices.Index([]model.VerdictKind{model.VerdictSafety, model.VerdictLiveness, model.VerdictCrash, model.VerdictInconclusive}, v)
}
