package sim

import (
	"context"
	"sync"
	"time"

	"github.com/seatrial/seatrial/model"
)

// SignalKind says what a [Signal] is about.
type SignalKind int

const (
	SignalTerminate SignalKind = iota // end by yourself, as after SIGTERM
	SignalStop                        // stand still, as after SIGSTOP: timers, too
	SignalContinue                    // go on
	SignalClock                       // the wall clock is off by Skew from now on
	SignalReport                      // the run ends in a moment: say what is to be in the history
)

// Signal is something that the world does to a process that is a program of its own
// ([Process.Program]) rather than to its network.
type Signal struct {
	Kind SignalKind
	Skew time.Duration
}

// Signals are those on their way to one incarnation, in order.
type Signals struct {
	mu      sync.Mutex
	waiting []Signal
	arrived chan struct{} // of the bubble; holds one token while there are some
}

func newSignals() *Signals { return &Signals{arrived: make(chan struct{}, 1)} }

func (s *Signals) put(one Signal) {
	s.mu.Lock()
	s.waiting = append(s.waiting, one)
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

// Arrived delivers when there may be something to take.
func (s *Signals) Arrived() <-chan struct{} { return s.arrived }

// Take empties the queue.
func (s *Signals) Take() []Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.waiting
	s.waiting = nil
	return taken
}

// EndError is what [Process.Run] returns for a program of its own that ended in a way
// that is a problem by itself, whatever [Process.MayExit] says: a panic in any of its
// goroutines, or a loop without end.
type EndError struct {
	Kind            model.ProblemKind
	Message, Detail string // Detail: for instance the stack
	Final           bool   // it is not started again: it would only end so again
	Err             error  // how the process ended
}

// Error implements error.
func (e *EndError) Error() string { return string(e.Kind) + ": " + e.Message }

// Unwrap returns how the process ended.
func (e *EndError) Unwrap() error { return e.Err }

type orderKey struct{}

// InOrder gives the requests of a context a place among others that are equal and made
// in the same instant, for those who know in which order they were made.
func InOrder(ctx context.Context, place int) context.Context {
	return context.WithValue(ctx, orderKey{}, place)
}

func orderOf(ctx context.Context) int {
	place, _ := ctx.Value(orderKey{}).(int)
	return place
}
