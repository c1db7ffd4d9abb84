package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// status is one line that tells how far a command has come. On a terminal it
// is written over; elsewhere it is printed now and then, so that a log shows
// that something happens.
type status struct {
	out      io.Writer
	terminal bool
	shown    time.Time
}

const (
	onTerminal = 100 * time.Millisecond
	inLog      = 10 * time.Second
)

func newStatus(out io.Writer) *status {
	return &status{out: out, terminal: isTerminal(out), shown: time.Now()}
}

// isTerminal says whether what is written there is seen at once, by somebody.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (s *status) show(line string) {
	every := inLog
	if s.terminal {
		every = onTerminal
	}
	if time.Since(s.shown) < every {
		return
	}
	s.shown = time.Now()
	if s.terminal {
		fmt.Fprintf(s.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(s.out, line)
}

// clear removes the line from a terminal, for what is printed next.
func (s *status) clear() {
	if s.terminal {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
}
