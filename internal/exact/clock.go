package exact

// clock is the time as a program sees it outside of a bubble: a counter that
// moves a little with each look, so that loops which wait for it end, and jumps
// when the program sleeps, since nothing else could happen meanwhile.
type clock struct{ now int64 }

// tick is how far a look at the clock moves it, in nanoseconds.
const tick = 1000

func (c *clock) nanotime() int64 {
	c.now += tick
	return c.now
}

// epoch is 2000-01-01, when synctest's bubbles begin, too.
const epoch = 946684800

func (c *clock) walltime() (sec int64, nsec int32) {
	c.now += tick
	return epoch + c.now/1e9, int32(c.now % 1e9)
}

func (c *clock) sleep(ns int64) { c.now += ns }
