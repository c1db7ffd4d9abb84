package sim

import (
	"fmt"
	"time"
)

// EventType names what an [Event] tells.
type EventType string

const (
	EventStarted    EventType = "started"    // a process started
	EventStopped    EventType = "stopped"    // a process returned
	EventCrashed    EventType = "crashed"    // a process was killed
	EventTerminated EventType = "terminated" // a process was asked to end
	EventSent       EventType = "sent"       // a request left a process
	EventArrived    EventType = "arrived"    // a request reached the server and was answered
	EventCommitted  EventType = "committed"  // the server committed a change
	EventReturned   EventType = "returned"   // an answer, or a transport error, reached the process
	EventCancelled  EventType = "cancelled"  // the process gave up a request that was under way
	EventFrame      EventType = "frame"      // a watch frame reached the process
	EventEnded      EventType = "ended"      // a watch ended, as the process sees it
	EventFault      EventType = "fault"      // a fault took effect
	EventHost       EventType = "machine"    // a process did something to its machine
	EventSchedule   EventType = "weather"    // a window opened or closed, faults were cleared
	// The API server called a webhook, and was answered or failed to be.
	EventWebhook         EventType = "webhook"
	EventWebhookAnswered EventType = "webhook answered"
)

// Event is one entry of the trace, in the order in which the world delivered
// them. Two runs are the same run when their events are.
type Event struct {
	Seq     uint64        `json:"seq"` // counted from 1, without gaps
	At      time.Duration `json:"at"`  // virtual, since the run began
	Type    EventType     `json:"type"`
	Process string        `json:"process,omitempty"`
	// Call is the model.Call this is about; 0: none.
	Call uint64 `json:"call,omitempty"`
	// Identity of the call: verb, resource, namespace/name, n-th.
	Identity string `json:"identity,omitempty"`
	Code     int    `json:"code,omitempty"`
	Revision uint64 `json:"revision,omitempty"`
	// Digest identifies the body that was sent, received or framed.
	Digest uint64 `json:"digest,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// String is one line for people: number, virtual time, what, who, about what.
func (e Event) String() string {
	s := fmt.Sprintf("%6d %12s %-10s", e.Seq, e.At, e.Type)
	for _, part := range []string{e.Process, e.Identity, e.Detail} {
		if part != "" {
			s += "  " + part
		}
	}
	if e.Call != 0 {
		s += fmt.Sprintf("  call %d", e.Call)
	}
	if e.Code != 0 {
		s += fmt.Sprintf("  %d", e.Code)
	}
	if e.Revision != 0 {
		s += fmt.Sprintf("  revision %d", e.Revision)
	}
	return s
}
