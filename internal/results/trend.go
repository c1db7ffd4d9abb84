package results

import "slices"

// Night is what the sweeps of one night amount to.
type Night struct {
	Name    string
	Summary *Summary
}

// Runs is how many there were.
func (n *Night) Runs() int {
	runs := 0
	for _, t := range n.Summary.Subjects {
		runs += t.Runs
	}
	return runs
}

// runsOf is how many there were of one subject.
func (n *Night) runsOf(subject string) int {
	for _, t := range n.Summary.Subjects {
		if t.Subject == subject {
			return t.Runs
		}
	}
	return 0
}

// Standing is how a group of failures stands after several nights.
type Standing string

const (
	New   Standing = "new"         // the last night had it, and the night before had not
	Still Standing = "still there" // the last two nights had it
	Gone  Standing = "gone"        // a night before had it, and the last one had not
)

// Trend is a group of failures over several nights.
type Trend struct {
	Group // of the last night that had it
	Standing
	// Since is the first of the nights in a row that it has been there; for one that is
	// gone, the first without it.
	Since string
	// Shares are what part of the runs of its subject failed so, in each night, the
	// first night first.
	Shares []Share
}

// Share is a part of the runs of a night.
type Share struct {
	Night        string
	Failed, Runs int
}

// Trends are the groups of failures of several nights, in the order of the nights: those
// of the last one as [GroupsOf] has them, then those that are gone. Of one night all
// groups are new, which says nothing.
//
// Nights may have been swept with different seeds, versions and generators: a group is
// known again by subject, verdict and signature alone.
func Trends(nights []Night) []Trend {
	if len(nights) == 0 {
		return nil
	}
	groups := make([][]Group, len(nights))
	for i, night := range nights {
		groups[i] = GroupsOf(night.Summary.Failures)
	}
	var out []Trend
	for i := len(nights) - 1; i >= 0; i-- {
		for _, g := range groups[i] {
			if !slices.ContainsFunc(out, func(t Trend) bool { return t.same(&g) }) {
				out = append(out, trendOf(g, i, nights, groups))
			}
		}
	}
	return out
}

// trendOf is the trend of a group that the night of that number had last.
func trendOf(g Group, last int, nights []Night, groups [][]Group) Trend {
	t := Trend{Group: g, Standing: Gone}
	for i, night := range nights {
		share := Share{Night: night.Name, Runs: night.runsOf(g.First.Subject)}
		if j := slices.IndexFunc(groups[i], func(o Group) bool { return o.same(&g) }); j >= 0 {
			share.Failed = groups[i][j].Times
		}
		t.Shares = append(t.Shares, share)
	}
	if last < len(nights)-1 {
		t.Since = nights[last+1].Name
		return t
	}
	first := last
	for first > 0 && t.Shares[first-1].Failed > 0 {
		first--
	}
	t.Standing, t.Since = New, nights[first].Name
	if first < last {
		t.Standing = Still
	}
	return t
}

// Likelihood is how often a property was violated, over several nights.
type Likelihood struct {
	Subject, Property string
	Shares            []Share
}

// Likelihoods are those of all properties that were violated in one of the nights, by
// subject and property.
func Likelihoods(nights []Night) []Likelihood {
	var out []Likelihood
	index := map[[2]string]int{}
	for i, night := range nights {
		for _, tally := range night.Summary.Subjects {
			for property, times := range tally.Properties {
				key := [2]string{tally.Subject, property}
				if _, known := index[key]; !known {
					index[key] = len(out)
					out = append(out, Likelihood{Subject: tally.Subject, Property: property, Shares: make([]Share, len(nights))})
				}
				out[index[key]].Shares[i].Failed = times
			}
		}
	}
	for i := range out {
		for j, night := range nights {
			out[i].Shares[j].Night, out[i].Shares[j].Runs = night.Name, night.runsOf(out[i].Subject)
		}
	}
	slices.SortFunc(out, func(a, b Likelihood) int {
		return slices.Compare([]string{a.Subject, a.Property}, []string{b.Subject, b.Property})
	})
	return out
}
