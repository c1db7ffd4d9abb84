package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	front "github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
	_ "github.com/seatrial/seatrial/sim/cluster" // which files may name
)

// subjectOfFile is what a scenario file brings along: its programs, which are built
// if need be, in its cluster and under its laws.
func subjectOfFile(file string, text []byte) (scenarios.Subject, error) {
	subject, _, err := trialOfFile(file, text)
	return subject, err
}

// trialOfFile is subjectOfFile with the programs that it is made of.
func trialOfFile(file string, text []byte) (scenarios.Subject, []*front.Binary, error) {
	trial, err := front.ReadText(file, text)
	if err != nil {
		return scenarios.Subject{}, nil, err
	}
	subject, err := trial.Subject()
	if err != nil && !strings.HasPrefix(err.Error(), file+":") {
		err = fmt.Errorf("%s: %w", file, err)
	}
	subject.Summary = "the programs of " + filepath.Base(file)
	var binaries []*front.Binary
	for i := range trial.Processes {
		binaries = append(binaries, trial.Processes[i].Binary)
	}
	return subject, binaries, err
}

// bringsPrograms: the file names programs, and so is what is under test.
func bringsPrograms(text []byte) bool {
	var fields map[string]yaml.Node
	if yaml.Unmarshal(text, &fields) != nil {
		return false // which is for the parser to say
	}
	_, there := fields["processes"]
	return there
}

// hasSteps: the file says what users do, so nothing of it is drawn.
func hasSteps(text []byte) bool {
	var fields map[string]yaml.Node
	if yaml.Unmarshal(text, &fields) != nil {
		return false
	}
	_, there := fields["steps"]
	return there
}

// bring makes a file's own subject what is under test.
func (u *underTest) bring(file string, text []byte) error {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("finding %s: %w", file, err)
	}
	subject, binaries, err := trialOfFile(file, text)
	if err != nil {
		return err
	}
	u.subject, u.own, u.binaries = subject.Name, &subject, binaries
	u.site, u.named = &sweep.Site{File: absolute, Text: string(text)}, file
	return nil
}

// bringFile is bring, of a file that is read first.
func (u *underTest) bringFile(file string) (brought bool, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return false, fmt.Errorf("reading a scenario: %w", err)
	}
	if !bringsPrograms(text) {
		return false, nil
	}
	return true, u.bring(file, text)
}
