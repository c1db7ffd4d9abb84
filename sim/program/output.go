package program

import (
	"bytes"
	"strings"
)

// output is what a process prints, line by line.
type output struct {
	print func(line string) // into the run's log; nil: nobody reads it
	size  int
	part  []byte // of a line
	last  []string
	// panics are lines with which libraries tell of a panic that they recovered.
	panics []string
	// crash is what the process printed from the beginning of a panic, or of another
	// fatal error of the runtime, on.
	crash []string
}

// lastLines is how many lines are kept for the message about an end.
const lastLines = 3

// take takes what was printed since the last time.
func (o *output) take(printed []byte) {
	o.size += len(printed)
	o.part = append(o.part, printed...)
	for {
		line, rest, whole := bytes.Cut(o.part, []byte("\n"))
		if !whole {
			return
		}
		o.add(string(line))
		o.part = rest
	}
}

// end takes the last line, which may lack its end.
func (o *output) end() {
	if len(o.part) > 0 {
		o.add(string(o.part))
		o.part = nil
	}
}

// maxCrash bounds the lines of a crash that are kept.
const maxCrash = 2000

func (o *output) add(line string) {
	if o.print != nil {
		o.print(line)
	}
	if strings.TrimSpace(line) != "" {
		o.last = append(o.last, line)
		o.last = o.last[max(0, len(o.last)-lastLines):]
	}
	switch {
	case len(o.crash) > 0 && len(o.crash) < maxCrash,
		strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "), strings.HasPrefix(line, "runtime: "):
		o.crash = append(o.crash, line)
	case strings.Contains(line, "Observed a panic"): // apimachinery's HandleCrash, controller-runtime
		o.panics = append(o.panics, line)
	}
}
