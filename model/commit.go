package model

import "fmt"

// Subject tells whether the commit was made by a process under test. What the
// server or its own actors do (garbage collection, namespace removal) and what
// users do is never the subject's fault.
func (c *Commit) Subject() bool { return c.CallID != 0 && !c.User }

// String says who did what to which object, in one line.
func (c *Commit) String() string {
	action := "updated"
	switch {
	case c.Old == nil:
		action = "created"
	case c.New == nil:
		action = "removed"
	}
	who := c.Process
	if c.CallID == 0 {
		who = "the server"
	}
	name := c.Name
	if c.Namespace != "" {
		name = c.Namespace + "/" + c.Name
	}
	text := fmt.Sprintf("revision %d at %s: %s %s %s %s", c.Revision, c.At, who, action, c.Resource, name)
	if c.CallID != 0 {
		text += fmt.Sprintf(" (call %d)", c.CallID)
	}
	return text
}

// Culprit names the commit as the event that broke a law.
func (c *Commit) Culprit() Culprit {
	return Culprit{Seq: c.Seq, At: c.At, CallID: c.CallID, Revision: c.Revision, Text: c.String()}
}
