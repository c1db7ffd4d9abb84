package detection

import (
	"fmt"

	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/scenarios/trial"
)

// Trial is an entry of the corpus as its user would put it to sea: as it was, or mended.
func Trial(b bugs.Bug, mended bool) trial.Trial {
	name := b.Name
	if mended {
		name += "-mended"
	}
	tr := trial.Trial{
		Name:    name,
		Cluster: trial.YAML(bugs.Definitions).And(trial.YAML(b.Cluster)), Objects: trial.YAML(b.Objects),
		Properties: b.Laws, Ignore: b.Ignore, Except: b.Except,
	}
	tr.Processes = append(tr.Processes, trial.Process{Name: "controller", Run: b.Controller(mended), Replicas: b.Replicas})
	if b.Peer != nil {
		tr.Processes = append(tr.Processes, trial.Process{Name: "peer", Run: b.Peer(mended)})
	}
	if b.StandIn != nil {
		tr.Processes = append(tr.Processes, trial.Process{Name: "stand-in", Run: b.StandIn, StandIn: true})
	}
	for _, s := range b.Steps {
		tr.Steps = append(tr.Steps, step(s))
	}
	return tr
}

func step(s bugs.Step) trial.Step {
	switch {
	case s.Apply != "":
		return trial.Apply(s.At, trial.YAML(s.Apply))
	case s.Delete != "":
		return trial.Delete(s.At, trial.YAML(s.Delete))
	case s.Do != nil:
		return trial.Do(s.At, s.Name, s.Do)
	}
	panic(fmt.Sprintf("detection: the step at %s does nothing", s.At))
}
