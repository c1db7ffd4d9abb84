package realcluster

import "time"

// clock counts real time from the beginning of a run.
type clock struct{ begin time.Time }

func newClock() clock { return clock{time.Now()} }

func (c clock) now() time.Duration { return time.Since(c.begin) }
