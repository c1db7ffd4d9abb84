//go:build linux && amd64

package program

import (
	"fmt"
	"syscall"
	"time"
)

// probe is a liveness probe of a life, asked as a kubelet does.
type probe struct {
	Probe
	next     time.Time // when it is asked next, or given up if it waits
	waits    bool
	answer   error
	answered bool
	failed   int       // times in a row
	end      time.Time // when a process that was told to end is killed; zero: it was not
}

func newProbes(all []Probe, began time.Time) []*probe {
	var probes []*probe
	for _, p := range all {
		p = p.withDefaults()
		probes = append(probes, &probe{Probe: p, next: began.Add(p.InitialDelay + p.Period)})
	}
	return probes
}

// nextProbe is when a probe is due.
func (a *agent) nextProbe() (time.Duration, bool) {
	first, any := time.Duration(0), false
	for _, p := range a.probes {
		if at := sinceEpoch(p.next); !any || at < first {
			first, any = at, true
		}
	}
	return first, any
}

// ProbeError is a process that was ended because its probe failed.
type ProbeError struct {
	Path  string
	Times int
	Cause error
}

// Error implements error.
func (e *ProbeError) Error() string {
	return fmt.Sprintf("the liveness probe %s failed %d times in a row: %v", e.Path, e.Times, e.Cause)
}

// askProbes does what is due. The result says that the process has to look.
func (a *agent) askProbes() (asked bool, err error) {
	for _, p := range a.probes {
		if time.Now().Before(p.next) {
			continue
		}
		switch {
		case !p.end.IsZero():
			return false, &ProbeError{p.Path, p.failed, fmt.Errorf("%w; it did not end within %s of SIGTERM", p.answer, a.o.grace())}
		case a.stopped: // nobody is there to answer, and it is not the process's fault
			p.next = p.next.Add(p.Period)
			continue
		case p.waits && !p.answered:
			p.answer, p.answered = fmt.Errorf("no answer within %s", p.Timeout), true
			fallthrough
		case p.waits:
			p.waits = false
			if p.failed++; p.answer == nil {
				p.failed = 0
			}
			p.next = p.next.Add(p.Period - p.Timeout)
			if p.failed >= p.FailureThreshold {
				a.signals |= 1 << syscall.SIGTERM
				p.end = time.Now().Add(a.o.grace())
				p.next = p.end
				asked = true
			}
		default:
			p.waits, p.answered, p.answer = true, false, nil
			p.next = p.next.Add(p.Timeout)
			say := func(_ []byte, err error) {
				if !p.answered {
					p.answer, p.answered = err, true
				}
			}
			if err := a.get(p.Port, p.HTTPS, p.Path, say); err != nil {
				say(nil, err)
			} else {
				asked = true
			}
		}
	}
	return asked, nil
}

// dismissed is the probe that had the process ended; nil: none had.
func (a *agent) dismissed() *probe {
	for _, p := range a.probes {
		if !p.end.IsZero() {
			return p
		}
	}
	return nil
}
