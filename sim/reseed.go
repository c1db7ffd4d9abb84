package sim

import "time"

// Reseed takes the decisions of a run from another seed from virtual time At on:
// latencies, what rules leave to chance, replicas, jitter. Everything before At is as
// without it, to the byte, because decisions are drawn by identity and when they are
// needed; what was decided before and happens later, such as the arrival of a packet
// that is under way, stays. So do names and addresses that the server draws, and what
// a program ([Process]) draws by itself until it is started again.
type Reseed struct {
	At   time.Duration `json:"at"`
	Seed Seed          `json:"seed"`
}

// seedNow is the seed that decisions are drawn from at this moment.
func (w *world) seedNow() Seed {
	if r := w.config.Reseed; r != nil && w.now() >= r.At {
		return r.Seed
	}
	return w.config.Seed
}
