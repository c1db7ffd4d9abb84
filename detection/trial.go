package detection

import (
	"fmt"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/scenarios"
)

// Trial is an entry of the corpus as its user would put it to sea: as it was, or mended.
func Trial(b bugs.Bug, mended bool) seatrial.Trial {
	name := b.Name
	if mended {
		name += "-mended"
	}
	tr := seatrial.Trial{
		Name:    name,
		Cluster: seatrial.YAML(bugs.Definitions).And(seatrial.YAML(b.Cluster)), Objects: seatrial.YAML(b.Objects),
		Properties: b.Laws, Ignore: b.Ignore, Except: b.Except,
	}
	tr.Processes = append(tr.Processes, seatrial.Process{Name: "controller", Run: b.Controller(mended), Replicas: b.Replicas})
	if b.Peer != nil {
		tr.Processes = append(tr.Processes, seatrial.Process{Name: "peer", Run: b.Peer(mended)})
	}
	if b.StandIn != nil {
		tr.Processes = append(tr.Processes, seatrial.Process{Name: "stand-in", Run: b.StandIn, StandIn: true})
	}
	for _, s := range b.Steps {
		tr.Steps = append(tr.Steps, steps(s)...)
	}
	return tr
}

// Subject is [Trial] for the pipeline. It panics when the entry is no valid trial.
func Subject(b bugs.Bug, mended bool) scenarios.Subject {
	s, err := Trial(b, mended).Subject()
	if err != nil {
		panic(fmt.Sprintf("detection: %s: %v", b.Name, err))
	}
	return s
}

func steps(s bugs.Step) []seatrial.Step {
	switch {
	case s.Apply != "":
		return seatrial.ApplyEach(s.At, seatrial.YAML(s.Apply))
	case s.Delete != "":
		return []seatrial.Step{seatrial.Delete(s.At, seatrial.YAML(s.Delete))}
	case s.Do != nil:
		return []seatrial.Step{seatrial.Do(s.At, s.Name, s.Do)}
	}
	panic(fmt.Sprintf("detection: the step at %s does nothing", s.At))
}
