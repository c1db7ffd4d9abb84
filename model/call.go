package model

import (
	"fmt"
	"math"
	"strings"
)

// String says who asked for what and what came of it, in one line.
func (c *Call) String() string {
	name := c.Name
	if c.Namespace != "" {
		name = c.Namespace + "/" + c.Name
	}
	outcome := string(c.Outcome)
	if c.Code != 0 {
		outcome = fmt.Sprintf("%s %d", c.Outcome, c.Code)
	}
	return fmt.Sprintf("call %d at %s: %s-%d %s %s %s (%s)", c.ID, c.Called, c.Process, c.Incarnation, c.Verb, c.ResourcePath(), name, outcome)
}

// ResourcePath is the resource with its subresource, as rules have it: pods, pods/status.
func (c *Call) ResourcePath() string {
	if c.Subresource == "" {
		return c.Resource
	}
	return c.Resource + "/" + c.Subresource
}

// Writes tells whether the call could change an object.
func (c *Call) Writes() bool {
	switch c.Verb {
	case "create", "update", "patch", "apply", "delete", "deletecollection":
		return !strings.Contains(c.Query, "dryRun=All")
	}
	return false
}

// Housekeeping tells whether the call concerns what controllers write for ever
// by design: their leader lease and their events.
func (c *Call) Housekeeping() bool {
	switch c.Resource {
	case "events":
		return c.Group == "" || c.Group == "events.k8s.io"
	case "leases":
		return c.Group == "coordination.k8s.io"
	}
	return false
}

// Unknown says that the client does not know whether the call took effect: no
// answer came, or one that leaves it open. It may yet have its effect.
func (c *Call) Unknown() bool {
	return c.ReturnSeq == 0 || c.Outcome == Unknown
}

// UntilSeq is the end of the interval in which the call had its effect, if it
// had one: a call with unknown outcome may have it until the end of time,
// [math.MaxInt64].
func (c *Call) UntilSeq() int64 {
	if c.Unknown() {
		return math.MaxInt64
	}
	return int64(c.ReturnSeq)
}

// Call finds a call by its ID; nil: there is none. IDs are counted from 1 in
// order of the calls, so the first guess is right unless a history was cut.
func (h *History) Call(id uint64) *Call {
	if at := id - 1; at < uint64(len(h.Calls)) && h.Calls[at].ID == id {
		return &h.Calls[at]
	}
	for i := range h.Calls {
		if h.Calls[i].ID == id {
			return &h.Calls[i]
		}
	}
	return nil
}
