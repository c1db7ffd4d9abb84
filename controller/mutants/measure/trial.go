package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/controller/mutants"
)

// stage is one way of looking for a mistake.
type stage struct {
	name      string
	arguments []string // of seatrial
}

var modes = []string{"error-every-read", "lose-every-response", "crash-every-write"}

func stageNames() []string { return append([]string{"library", "search"}, modes...) }

func stagesOf(c config) ([]stage, error) {
	library, err := filepath.Glob(filepath.Join(c.root, "scenarios", "library", "*.yaml"))
	if err != nil || len(library) == 0 {
		library, err = filepath.Glob(filepath.Join(c.root, "scenarios", "globalingressip", "library", "*.yaml"))
	}

	if err != nil {
		return nil, err
	}

	for i := range library {
		if library[i], err = filepath.Abs(library[i]); err != nil {
			return nil, err
		}
	}

	var stages []stage

	for _, name := range strings.Split(c.stages, ",") {
		s := stage{name: name}

		switch {
		case name == "library":
			s.arguments = append([]string{"run", "--json"}, library...)
		case name == "search":
			s.arguments = []string{"sweep", "--json", "--until-failure", "--workers", "1", "--seeds", fmt.Sprintf("1-%d", c.seeds)}
		case slices.Contains(modes, name):
			s.arguments = []string{"sweep", "--json", "--until-failure", "--workers", "1", "--mode", name, "--limit", fmt.Sprint(c.limit), "--seeds", "1-8"}
		default:
			return nil, fmt.Errorf("-stages: %q is none of %s", name, strings.Join(stageNames(), ", "))
		}

		stages = append(stages, s)
	}

	return stages, nil
}

// kill is how a stage found a mutant.
type kill struct {
	stage string
	what  string // verdict and property
	runs  int    // until then
	alone bool   // of the library: by one scenario only
	where string // of the library: which scenario, the first
}

// result is what became of one mutant.
type result struct {
	mutants.Mutant

	kills []kill
	runs  int
	cpu   time.Duration // of all stages that were tried
	until time.Duration // of those until it was found first
}

func (r *result) killed() bool { return len(r.kills) > 0 }

func (r *result) line() string {
	name, found := r.Name, "survived"
	if name == "" {
		name = "(what ships)"
	}

	if r.killed() {
		k := r.kills[0]
		found = fmt.Sprintf("%s, run %d: %s %s", k.stage, k.runs, k.what, k.where)
	}

	return fmt.Sprintf("%-10s %-34s %5.1fs  %s", r.Kind, name, r.cpu.Seconds(), found)
}

// trial puts mutants through stages.
type trial struct {
	binary, root string
	stages       []stage
	every        bool
}

func (t *trial) put(ctx context.Context, m mutants.Mutant) result {
	r := result{Mutant: m}

	for _, s := range t.stages {
		k, runs, cpu := t.try(ctx, s, m.Name)
		r.runs += runs
		r.cpu += cpu

		if !r.killed() {
			r.until += cpu
		}

		if k.stage != "" {
			r.kills = append(r.kills, k)

			if !t.every {
				break
			}
		}
	}

	return r
}

// try runs one stage; the zero kill says that it found nothing.
func (t *trial) try(ctx context.Context, s stage, mutant string) (found kill, runs int, cpu time.Duration) {
	var stdout bytes.Buffer

	command := exec.CommandContext(ctx, t.binary, s.arguments...)
	command.Dir = t.root
	command.Env = append(os.Environ(), mutants.Variable+"="+mutant)
	command.Stdout = &stdout
	err := command.Run()

	if state := command.ProcessState; state != nil {
		cpu = state.UserTime() + state.SystemTime()
	}

	failures := 0

	for lines := bufio.NewScanner(&stdout); lines.Scan(); {
		var run struct {
			Scenario, Verdict, Property string
		}

		if json.Unmarshal(lines.Bytes(), &run) != nil {
			continue
		}

		runs++

		if run.Verdict == "pass" {
			continue
		}

		if failures++; failures == 1 {
			found = kill{stage: s.name, what: run.Verdict + " " + run.Property, runs: runs, where: run.Scenario}
		}
	}

	found.alone = s.name == "library" && failures == 1

	if failures == 0 && err != nil {
		found = kill{stage: s.name, what: "the run did not end well: " + err.Error(), runs: runs}
	}

	return found, runs, cpu
}
