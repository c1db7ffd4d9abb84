package shrink

import (
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// pass suggests plans that may be smaller than the search's present one. It
// may suggest what is larger or makes no sense: that is sorted out.
type pass struct {
	name       string
	suggest    func(s *search, try func(scenarios.Plan))
	needsTrace bool
}

// passes in the order in which they are gone through: what removes most comes
// first, and words come last.
func passes() []pass {
	out := []pass{{name: "what came after", suggest: afterCulprit}}
	for _, parts := range []int{1, 2, 4, 8, everySingle} {
		out = append(out, pass{name: "faults", suggest: removeFaults(parts)})
	}
	out = append(out, pass{name: "objects", suggest: removeObjects})
	for _, parts := range []int{2, 4, 8, everySingle} {
		out = append(out, pass{name: "steps", suggest: removeSteps(parts)})
	}
	return append(out,
		pass{name: "pairs of steps", suggest: removePairs},
		pass{name: "world", suggest: simplerWorld},
		pass{name: "windows", suggest: shorterWindows, needsTrace: true},
		pass{name: "phases", suggest: shorterPhases},
		pass{name: "faults' words", suggest: simplerRules},
		pass{name: "steps' words", suggest: simplerSteps},
		pass{name: "seed", suggest: func(s *search, try func(scenarios.Plan)) {
			p := s.plan
			p.Seed = 0
			try(p)
		}},
	)
}

// everySingle stands for as many parts as there are items.
const everySingle = 0

// chunk is how many of n items one of so many parts has.
func chunk(n, parts int) int {
	if parts == everySingle {
		return 1
	}
	return max(1, n/parts)
}

// afterCulprit leaves out what was to happen after the law was broken.
func afterCulprit(s *search, try func(scenarios.Plan)) {
	if s.culprit == 0 {
		return
	}
	p := s.plan.Clone()
	p.Steps = slices.DeleteFunc(p.Steps, func(step scenarios.Step) bool { return step.At > s.culprit })
	p.Faults = slices.DeleteFunc(p.Faults, func(r faults.Rule) bool { return r.From > s.culprit })
	try(p)
}

func removeFaults(parts int) func(*search, func(scenarios.Plan)) {
	return func(s *search, try func(scenarios.Plan)) {
		n := chunk(len(s.plan.Faults), parts)
		for i := 0; i < len(s.plan.Faults); i += n {
			p := s.plan
			p.Faults = without(p.Faults, i, n)
			try(p)
		}
	}
}

func removeSteps(parts int) func(*search, func(scenarios.Plan)) {
	return func(s *search, try func(scenarios.Plan)) {
		n := chunk(len(s.plan.Steps), parts)
		for i := 0; i < len(s.plan.Steps); i += n {
			p := s.plan
			p.Steps = without(p.Steps, i, n)
			try(p)
		}
	}
}

// removeObjects leaves out all that is done to one object.
func removeObjects(s *search, try func(scenarios.Plan)) {
	var seen []string
	for i := range s.plan.Steps {
		object := s.plan.Steps[i].Object()
		if slices.Contains(seen, object) {
			continue
		}
		seen = append(seen, object)
		p := s.plan
		p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(step scenarios.Step) bool { return step.Object() == object })
		try(p)
	}
}

// mostPairs bounds the pairs that are tried; their number grows with the square.
const mostPairs = 100

// removePairs leaves out two steps at once: one that creates something and the
// one that deletes it can often only go together.
func removePairs(s *search, try func(scenarios.Plan)) {
	n := len(s.plan.Steps)
	if n*(n-1)/2 > mostPairs {
		return
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			p := s.plan
			p.Steps = without(without(p.Steps, j, 1), i, 1)
			try(p)
		}
	}
}

// simplerWorld gives back to the world what is usual, one thing at a time.
func simplerWorld(s *search, try func(scenarios.Plan)) {
	changes := []func(*scenarios.Plan){
		func(p *scenarios.Plan) { p.World = scenarios.World{Namespaces: p.World.Namespaces} },
		func(p *scenarios.Plan) { p.World.APIServer.Replicas = 1 },
		func(p *scenarios.Plan) { p.World.APIServer.WatchList = false },
		func(p *scenarios.Plan) { p.World.APIServer.CompactEvery = 0 },
		func(p *scenarios.Plan) { p.World.Latency = faults.Span{} },
		oneNamespace,
	}
	if simplify := s.plan.Language.Simplify; simplify != nil {
		changes = append(changes, simplify(&s.plan)...)
	}
	for _, change := range changes {
		p := s.plan.Clone()
		change(&p)
		try(p)
	}
	for i := range s.plan.World.Namespaces {
		p := s.plan
		p.World.Namespaces = without(p.World.Namespaces, i, 1)
		try(p)
	}
}

// oneNamespace moves everything to the namespace that every world has, whose name
// goes without saying. What is called after its namespace has another name there:
// a step that names it misses, and then the plan does not fail.
func oneNamespace(p *scenarios.Plan) {
	p.World.Namespaces = nil
	for i := range p.Steps {
		step := &p.Steps[i]
		step.ID = ""
		if moving, ok := step.Action.(interface{ MoveTo(namespace string) }); ok {
			moving.MoveTo("")
		}
	}
	for i := range p.Faults {
		if r := &p.Faults[i]; r.Namespace != "" {
			r.Namespace = "default"
		}
	}
}

// shortestSettle is enough for every property to be judged: what the plan does
// without its last fault is to be told, too.
const shortestSettle = time.Minute

// shorterPhases ends the safety phase soon after its last event, and settling
// soon after the law was broken. A plan that fails because something did not
// happen in time keeps the time that it had: given less, anything fails so.
func shorterPhases(s *search, try func(scenarios.Plan)) {
	if s.culprit == 0 || s.first.Verdict == model.VerdictLiveness {
		return
	}
	last := s.culprit
	for _, step := range s.plan.Steps {
		last = max(last, step.At)
	}
	for _, r := range s.plan.Faults {
		last = max(last, r.From, r.Until)
	}
	for _, unit := range []time.Duration{10 * time.Second, time.Second} {
		for _, settle := range []time.Duration{shortestSettle, s.plan.Settle} {
			p := s.plan
			p.Safety, p.Settle = min(p.Safety, ceil(last+1, unit)), min(p.Settle, settle)
			try(p)
		}
	}
}
