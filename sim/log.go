package sim

import (
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
)

// runLog gathers what processes log. The order of lines logged at one instant
// by several goroutines is not part of what a seed fixes.
type runLog struct {
	keep  bool
	epoch time.Time

	mu    sync.Mutex
	lines []LogLine
}

func (l *runLog) logger(i *incarnation) logr.Logger {
	if !l.keep {
		return logr.Discard()
	}
	return funcr.New(func(prefix, args string) {
		if prefix != "" {
			args = prefix + ": " + args
		}
		l.add(i.identity, args)
	}, funcr.Options{})
}

// output takes lines as a program printed them.
func (l *runLog) output(i *incarnation) func(line string) {
	if !l.keep {
		return nil
	}
	return func(line string) { l.add(i.identity, line) }
}

func (l *runLog) add(process, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, LogLine{At: time.Since(l.epoch), Process: process, Text: text})
}
