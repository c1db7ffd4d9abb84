package main

import (
	"context"
	"fmt"
	"regexp"
	"sync/atomic"

	"github.com/seatrial/seatrial/differential/known"
	"github.com/seatrial/seatrial/differential/simulated"
	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// judge sends the same case to both servers and compares the answers.
type judge struct {
	real  *corpus.Target
	setup *corpus.Case
	known known.List
	// broken counts the sequences in which the real server broke off.
	broken atomic.Int64
}

// difference is the first step at which the two servers disagree.
type difference struct {
	step      int
	lines     []string // want: the real server, got: the simulated one
	signature string
	// real is what the real server said to each step.
	real []*corpus.Response
}

// compare runs the case in a namespace of that name; nil: no unexplained
// difference. The case is changed: it is told how many events to wait for.
func (j *judge) compare(ctx context.Context, c *corpus.Case, slot int, namespace string) (*difference, error) {
	simulatedAnswers, err := j.simulate(ctx, c, namespace)
	if err != nil {
		return nil, err
	}
	expectEvents(c, simulatedAnswers)
	realAnswers, err := corpus.Run(ctx, j.real, c, namespace)
	if cleanErr := j.clean(ctx, slot, namespace); err == nil {
		err = cleanErr
	}
	if err != nil {
		return nil, fmt.Errorf("real server: %w", err)
	}
	return j.first(c, realAnswers, simulatedAnswers), nil
}

// simulate runs the case on a new simulated server.
func (j *judge) simulate(ctx context.Context, c *corpus.Case, namespace string) ([]*corpus.Response, error) {
	server, err := simulated.New(1)
	if err != nil {
		return nil, err
	}
	t := &corpus.Target{Transport: server, Base: "http://simulated", Settle: server.Settle, Sleep: server.Sleep}
	if _, err := corpus.Run(ctx, t, j.setup, ""); err != nil {
		return nil, fmt.Errorf("simulated server: set-up: %w", err)
	}
	answers, err := corpus.Run(ctx, t, c, namespace)
	if err != nil {
		return nil, fmt.Errorf("simulated server: %w", err)
	}
	return answers, nil
}

// silence is how long a watch of which no event is expected is listened to.
const silence = 60

// awaitMs bounds the wait for events that the simulated server sent and the
// real one perhaps never will.
const awaitMs = 1500

// expectEvents tells the watches of the real server what to wait for: its
// events take their time, those of the simulated one are there already.
func expectEvents(c *corpus.Case, answers []*corpus.Response) {
	for i, s := range c.Steps {
		if s.Op != corpus.OpWatchRead {
			continue
		}
		s.Events, s.TimeoutMs = len(answers[i].Events), awaitMs
		if s.Events == 0 {
			s.TimeoutMs = silence
		}
	}
}

// first finds the first step with a difference that is not explained.
func (j *judge) first(c *corpus.Case, want, got []*corpus.Response) *difference {
	for i, s := range c.Steps {
		if want[i].Text == corpus.Broken {
			// There is no answer to compare, and what follows means nothing.
			j.broken.Add(1)
			return nil
		}
		lines := j.known.Unexplained(describe(c, s), corpus.Diff(want[i], got[i]))
		if len(lines) > 0 {
			return &difference{step: i, lines: lines, signature: signature(c, s, lines[0]), real: want}
		}
	}
	return nil
}

// describe is the request of a step, or the one that opened the watch it reads.
func describe(c *corpus.Case, s *corpus.Step) string {
	if s.Request != nil {
		return s.Request.Method + " " + s.Request.Path
	}
	for _, opened := range c.Steps {
		if opened.Op == corpus.OpWatchStart && opened.Watch == s.Watch {
			return "WATCH " + opened.Request.Path
		}
	}
	return s.Op
}

var (
	indices = regexp.MustCompile(`\[\d+\]`)
	tokens  = regexp.MustCompile(`<[a-z]+:\d+[^>]*>|"[^"]*"|\d+`)
	queries = regexp.MustCompile(`\?.*`)
	objects = regexp.MustCompile(`(/[a-z]+)/[a-z]+-[a-z](/|$)`)
)

// signature tells differences apart that have different causes, as far as that
// can be seen: the kind of request and the place in the answer, not the values.
func signature(c *corpus.Case, s *corpus.Step, line string) string {
	request := objects.ReplaceAllString(queries.ReplaceAllString(describe(c, s), ""), "$1/NAME$2")
	content := ""
	if s.Request != nil {
		content = s.Request.Headers["Content-Type"]
	}
	return request + " " + content + " " + tokens.ReplaceAllString(indices.ReplaceAllString(line, "[]"), "_")
}
