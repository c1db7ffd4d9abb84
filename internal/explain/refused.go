package explain

import (
	"fmt"
	"net/http"
	"slices"
)

// refused: what a process wrote in the instant in which it was told of a conflict it
// wrote because of that, and the conflict has a reason of its own: the change that it had
// not heard of, and what kept that away.
func (x *run) refused(d decision) []cause {
	if d.call == nil || !isWrite(d.call) {
		return nil
	}
	past := x.before(d.who, d.seq)
	if len(past) == 0 {
		return nil
	}
	last := past[len(past)-1]
	c := last.call
	if last.at != d.at || c == nil || last.frame != nil || last.ends || c.Code != http.StatusConflict || !isWrite(c) || !d.names.call(c) {
		return nil
	}
	if _, struck := x.struck(c.ID); struck {
		return nil // the answer was injected, and is told as such
	}
	out := cause{
		weight:   conflicted,
		sentence: fmt.Sprintf("%s was told 409 for %s, and at once %s", c.Process, x.asked(c), d.what),
		steps:    []Step{x.told(last)},
	}
	why := x.unheard(decision{who: d.who, seq: c.CallSeq, at: c.Called, call: c, what: "was told 409 for " + x.asked(c), names: d.names})
	if len(why) > 0 {
		first := slices.MaxFunc(why, func(a, b cause) int { return a.weight - b.weight })
		out.sentence = fmt.Sprintf("%s, and at once %s", first.sentence, d.what)
		out.steps = append(slices.Clone(first.steps), out.steps...)
	}
	return []cause{out}
}
