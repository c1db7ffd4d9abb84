package sim

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// client-go sets ReadIdleTimeout 30s and PingTimeout 15s on its HTTP/2
// connections and dials with a time-out of 30s.
const (
	connectionLostAfter = 45 * time.Second
	dialTimeout         = 30 * time.Second
)

// link is the network path between one process and the API server, or another server. While it
// is cut, packets are held as TCP would resend them. A connection that stays
// silent for long is declared dead: what was held is lost with it, and new
// requests have to dial.
type link struct {
	world *world
	owner *process
	host  string         // of the server at its other end; empty: the API server
	cuts  []*faults.Rule // partitions and pauses in force
	dead  bool           // the connection was declared dead and has not been dialled anew
	loss  *entry         // when it will be declared dead
	held  []packet
}

type packet struct {
	call     *call
	toServer bool
	deliver  func()
}

// toServer sends the request on its way.
func (w *world) toServer(c *call, latency time.Duration) {
	if c.link().dead {
		c.dials = true
		w.queue.add(w.now()+dialTimeout, c.key+" dial", func() {
			if c.dials && !c.over {
				c.dropped = true
				w.fail(c, errDialTimeout)
			}
		})
	}
	w.queue.add(w.now()+latency, c.key, func() {
		c.link().cross(packet{c, true, func() { w.arrive(c) }})
	})
}

// fromServer sends a packet of the answer back. Packets of one call keep their
// order.
func (w *world) fromServer(c *call, latency time.Duration, deliver func()) {
	at := max(w.now()+latency, c.lastPacket)
	c.lastPacket = at
	c.packets++
	w.queue.add(at, fmt.Sprintf("%s packet %06d", c.key, c.packets), func() {
		c.link().cross(packet{c, false, deliver})
	})
}

// cross lets a packet through, or holds it while the link is cut.
func (l *link) cross(p packet) {
	switch {
	case p.call.dropped:
	case l.blocks(p.toServer), p.call.dials && l.partitions() > 0: // a handshake needs both directions
		l.held = append(l.held, p)
	default:
		p.call.dials = false
		p.deliver()
	}
}

func (l *link) blocks(toServer bool) bool {
	for _, r := range l.cuts {
		if r.Direction == faults.BothWays || toServer == (r.Direction == faults.ToServer) {
			return true
		}
	}
	return false
}

// partitions counts the cuts that are noticed: a process that is stopped does
// not miss an answer, and its kernel acknowledges what it does not read.
func (l *link) partitions() int {
	n := 0
	for _, r := range l.cuts {
		if r.Kind == faults.Partition {
			n++
		}
	}
	return n
}

func (l *link) cut(r *faults.Rule) {
	w := l.world
	w.event(Event{Type: EventSchedule, Process: l.owner.Name, Detail: fmt.Sprintf("%s %s begins %s%s", r.Kind, r.ID, r.Direction, l.suffix())})
	l.cuts = append(l.cuts, r)
	if r.Kind == faults.Pause {
		l.owner.signal(Signal{Kind: SignalStop})
	}
	if r.Kind == faults.Partition && l.partitions() == 1 {
		l.loss = w.queue.add(w.now()+connectionLostAfter, "link "+l.owner.Name+l.suffix()+" lost", l.lose)
	}
	if r.Until > 0 {
		w.queue.add(r.Until, "weather "+r.ID+" ends", func() { l.heal(r) })
	}
}

// lose declares the connection dead: every call under way on it fails.
func (l *link) lose() {
	l.dead = true
	for _, p := range l.held {
		if p.toServer {
			p.call.dropped = true
		}
	}
	l.held = nil
	for _, inc := range l.owner.living {
		for _, c := range inc.callsUnderway() {
			if c.link() != l {
				continue
			}
			// One entry each: the process hears of them one after the other, so
			// that what it does about one is done before it hears of the next.
			l.world.queue.add(l.world.now(), c.key+" lost", func() { l.world.fail(c, errConnectionLost) })
		}
	}
}

// suffix tells links of one process apart.
func (l *link) suffix() string {
	if l.host == "" {
		return ""
	}
	return " " + l.host
}

func (l *link) heal(r *faults.Rule) {
	for i, other := range l.cuts {
		if other == r {
			l.cuts = append(l.cuts[:i:i], l.cuts[i+1:]...)
			l.world.event(Event{Type: EventSchedule, Process: l.owner.Name, Detail: fmt.Sprintf("%s %s ends%s", r.Kind, r.ID, l.suffix())})
			l.release()
			if r.Kind == faults.Pause {
				l.owner.signal(Signal{Kind: SignalContinue})
			}
			return
		}
	}
}

func (l *link) healAll() {
	for len(l.cuts) > 0 {
		l.heal(l.cuts[0])
	}
}

// release lets held packets go on once no cut stops them, in the order in
// which they were held.
func (l *link) release() {
	if l.partitions() == 0 && l.loss != nil {
		l.dead = false
		l.loss.cancelled = true
	}
	held := l.held
	l.held = nil
	for i, p := range held {
		l.world.queue.add(l.world.now(), fmt.Sprintf("link %s%s held %06d", l.owner.Name, l.suffix(), i), func() { l.cross(p) })
	}
}
