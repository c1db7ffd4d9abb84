package explain

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/model"
)

// mostNews is how many changes are looked at: what lies further back is another story.
const mostNews = 60

// news is a change that an incarnation was told of late.
type news struct {
	commit *model.Commit
	told   input
	late   time.Duration
	why    hit
}

// lateNews: a fault was why a process under test heard late of something that the law
// is about, and nothing came of what happened later.
func (x *run) lateNews(v model.Verdict, commit *model.Commit, names concerns, begin, end Step) (Story, bool) {
	n, ok := x.lastLate(names)
	if !ok || commit.At-n.told.at > longWait {
		return Story{}, false // it had time to make up for it
	}
	end.Process = n.told.call.Process
	return Story{
		Sentence: fmt.Sprintf("%s was told only %s later (%s) that %s %s; %s %s, and what had to follow did not: %s",
			end.Process, short(n.late), n.why.kind, author(n.commit), effect(n.commit, v.Message), author(commit), effect(commit, v.Message), v.Message),
		Steps: trim([]Step{x.change(n.commit, v.Message), x.strike(n.why), x.told(n.told), begin, end}),
	}, true
}

// lastLate is what was told late because of a fault and the last of that kind.
func (x *run) lastLate(names concerns) (last news, found bool) {
	looked := 0
	for i := len(x.Commits) - 1; i >= 0 && looked < mostNews; i-- {
		c := &x.Commits[i]
		if call := x.calls[c.CallID]; !names[keyOf(c.Namespace, c.Name)] || call != nil && !call.User {
			continue
		}
		looked++
		for who := range x.inputs {
			n, late := x.toldLate(who, c)
			if late && (!found || n.told.seq > last.told.seq) {
				last, found = n, true
			}
		}
	}
	return last, found
}

// toldLate tells whether a fault kept a change from an incarnation for a while.
func (x *run) toldLate(who string, c *model.Commit) (news, bool) {
	since := c.At
	for _, i := range x.inputs[who] {
		if i.starts {
			since = max(since, i.at)
		}
		if i.seq < c.Seq || i.call == nil || i.call.User {
			continue
		}
		revision, about := tells(i, c)
		if !about || revision < c.Revision {
			continue
		}
		if i.at-since <= unheardFor {
			return news{}, false
		}
		why, faulty := x.keptAway(decision{who: who, seq: i.seq, at: i.at}, c)
		return news{c, i, i.at - since, why}, faulty && why.at <= i.at
	}
	return news{}, false
}
