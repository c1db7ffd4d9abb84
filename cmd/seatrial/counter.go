package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// counter tells how many of a known number of things are done: a bar on a terminal, a
// line now and then elsewhere.
type counter struct {
	what    string
	done    int
	total   int
	started time.Time
	status  *status
	bar     *progressbar.ProgressBar // nil when out is no terminal
}

func newCounter(out io.Writer, total int, what string) *counter {
	return &counter{what: what, total: total, started: time.Now(), status: newStatus(out), bar: newBar(out, int64(total), what)}
}

// newBar is the bar of a terminal, with count, rate and time left; nil when out is
// none. A total of -1 makes it a spinner.
func newBar(out io.Writer, total int64, what string) *progressbar.ProgressBar {
	if !isTerminal(out) {
		return nil
	}
	return progressbar.NewOptions64(total, progressbar.OptionSetWriter(out), progressbar.OptionSetItsString(what),
		progressbar.OptionShowIts(), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24))
}

// add counts one more, and says what has been found.
func (c *counter) add(found string) {
	c.done++
	if c.bar != nil {
		c.bar.Describe(found)
		c.bar.Add(1)
		return
	}
	rate := float64(c.done) / time.Since(c.started).Seconds()
	left := toGo(c.done, c.total-c.done, c.started)
	c.status.show(fmt.Sprintf("seatrial: %d of %d %s, %.1f/s, %s, %s left", c.done, c.total, c.what, rate, found, left.Round(time.Second)))
}

// toGo is how long the rest takes if it goes on as it did so far, which is once at least.
func toGo(done, rest int, started time.Time) time.Duration {
	return time.Duration(float64(time.Since(started)) / float64(done) * float64(rest))
}

func (c *counter) end() {
	if c.bar != nil {
		c.bar.Clear()
	}
}
