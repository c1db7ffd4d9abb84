package detection

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/scenarios/trial"
	"github.com/seatrial/seatrial/sim"
)

// Stages by which something is found, beside those of package search.
const (
	FaultFree search.Stage = "fault-free"
	Swarm     search.Stage = "swarm"
)

// Finding is what came of one search.
type Finding struct {
	Found    bool            `json:"found"`
	Stage    search.Stage    `json:"stage"`
	Property string          `json:"property"` // that was violated
	Message  string          `json:"message"`
	By       string          `json:"by"`   // the probe; empty for a seed
	Runs     int             `json:"runs"` // until then, that one included, or all
	CPU      time.Duration   `json:"cpu"`  // of this process's own code
	Coverage search.Coverage `json:"-"`
}

// Search searches an entry from a seed on, for at most budget runs: each story without
// faults, then the probes of package search, then the swarm. It stops at the first
// violation.
func Search(t *testing.T, b bugs.Bug, mended bool, first sim.Seed, budget int) Finding {
	s := &searching{t: t, entry: Trial(b, mended), began: userTime(), left: budget}
	s.finding.Stage = FaultFree
	stories := told(s.entry, b.Objects)
	var baselines []*model.History
	for _, tr := range stories {
		tr.Faults = []faults.Rule{}
		r := s.run(tr, first, FaultFree, "")
		if s.finding.Found {
			return s.finding
		}
		baselines = append(baselines, &r.Record.History)
	}
	probes := search.New(search.World{UnderTest: underTest(s.entry), Safety: safety}, baselines...)
	for s.left > 0 {
		p, more := probes.Next()
		if !more {
			break
		}
		tr := stories[p.Story]
		tr.Faults = p.Faults
		if p.AtRest > 0 {
			tr.Properties = append(slices.Clone(tr.Properties), model.RestLasts(p.AtRest))
		}
		tr.Server.Replicas = max(tr.Server.Replicas, p.Servers)
		for _, e := range p.Edits {
			tr.Steps = append(slices.Clone(tr.Steps), touch(e))
		}
		r := s.run(tr, first, p.Stage, p.String())
		s.finding.Coverage = probes.Coverage()
		if s.finding.Found {
			return s.finding
		}
		probes.Tell(p, &r.Record.History, r.Record.Fired, false)
	}
	s.finding.Coverage = probes.Coverage()
	for seed := first; s.left > 0 && !s.finding.Found; seed++ {
		s.run(s.entry, seed, Swarm, "")
	}
	return s.finding
}

// Seeds is what a search is compared with: the swarm alone.
func Seeds(t *testing.T, b bugs.Bug, mended bool, first sim.Seed, budget int) Finding {
	s := &searching{t: t, entry: Trial(b, mended), began: userTime(), left: budget}
	for seed := first; s.left > 0 && !s.finding.Found; seed++ {
		s.run(s.entry, seed, Swarm, "")
	}
	return s.finding
}

// searching is a search under way.
type searching struct {
	t       *testing.T
	entry   trial.Trial
	began   time.Duration
	left    int
	finding Finding
}

// safety is that of a trial that does not say.
const safety = 2 * time.Minute

func (s *searching) run(tr trial.Trial, seed sim.Seed, stage search.Stage, by string) trial.Result {
	s.left--
	r := trial.Run(s.t, tr, seed, trial.RunOptions{})
	s.finding.Runs++
	s.finding.CPU = userTime() - s.began
	if r.Verdict.Kind != model.VerdictPass {
		s.finding.Found, s.finding.Stage, s.finding.By = true, stage, by
		s.finding.Property, s.finding.Message = r.Verdict.Property, r.Verdict.Message
		if r.Fair {
			s.finding.Stage = FaultFree
		}
	}
	return r
}

func underTest(tr trial.Trial) []string {
	var names []string
	for _, p := range tr.Processes {
		switch {
		case p.StandIn:
		case p.Replicas > 1:
			for i := range p.Replicas {
				names = append(names, p.Name+"-"+string(rune('1'+i)))
			}
		default:
			names = append(names, p.Name)
		}
	}
	return names
}

// touch changes an object and changes it back, so that whoever has read it before meets
// a conflict, and nothing else is different.
func touch(e search.Edit) trial.Step {
	step := trial.Do(e.At, "touch "+e.Resource+" "+e.Name, func(ctx context.Context, cfg *rest.Config) error {
		client, err := dynamic.NewForConfig(cfg)
		if err != nil {
			return err
		}
		gvr := schema.GroupVersionResource{Version: "v1", Resource: e.Resource}
		if e.Resource == "apps" || e.Resource == "instances" {
			gvr.Group = "detection.example.com"
		}
		for _, patch := range []string{`{"metadata":{"annotations":{"touched":"yes"}}}`, `{"metadata":{"annotations":{"touched":null}}}`} {
			_, err = client.Resource(gvr).Namespace(e.Namespace).Patch(ctx, e.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		}
		// What is not there has no version to conflict with.
		return nil
	})
	step.User = "toucher"
	return step
}

// userTime is the CPU time that the process has spent in its own code.
func userTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic("detection: no resource usage: " + err.Error())
	}
	return time.Duration(usage.Utime.Nano())
}
