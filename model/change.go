package model

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// subject tells whether the commit was made by a process under test. What the
// server or its own actors do (garbage collection, namespace removal) and what
// users do is never the subject's fault.
func (c *Commit) subject() bool { return c.CallID != 0 && !c.User }

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

func (c *Commit) culprit() Culprit {
	return Culprit{Seq: c.Seq, At: c.At, CallID: c.CallID, Revision: c.Revision, Text: c.String()}
}

// change is a commit with its objects read as what they are. Of each pair at
// most one kind is set; both sides are nil for objects that do not matter here.
type change struct {
	*Commit
	gipOld, gipNew         *ingressIP
	serviceOld, serviceNew *corev1.Service
	claimOld, claimNew     *claim
	exportOld, exportNew   metav1.Object
	podNew                 *corev1.Pod
	ready, notReady        []string // addresses of the Endpoints after the change
}

// read turns a commit into a change; ok is false for kinds that have nothing
// to do with global IPs.
func read(commit *Commit) (c change, ok bool) {
	c.Commit = commit
	switch {
	case commit.Group == ingressIPGroup && commit.Resource == ingressIPResource:
		c.gipOld, c.gipNew = ingressIPOf(commit.Old), ingressIPOf(commit.New)
	case commit.Group == "" && commit.Resource == serviceResource:
		c.serviceOld, c.serviceNew = serviceOf(commit.Old), serviceOf(commit.New)
	case commit.Group == claimGroup && commit.Resource == claimResource:
		c.claimOld, c.claimNew = claimOf(commit.Old), claimOf(commit.New)
	case commit.Group == exportGroup && commit.Resource == exportResource:
		c.exportOld, c.exportNew = objectMeta(commit.Old), objectMeta(commit.New)
	case commit.Group == "" && commit.Resource == podResource:
		c.podNew, _ = commit.New.(*corev1.Pod)
	case commit.Group == "" && commit.Resource == endpointsResource:
		c.ready, c.notReady = addressesOf(commit.New)
	default:
		return c, false
	}
	return c, true
}

// derived is what one pass over a history works out for several properties.
type derived struct {
	history *History
	read    []change
	final   *cluster

	breaches  map[guarantee]Result // of all watches
	unwatched bool                 // their frames were not recorded
}

func newDerived(h *History) *derived { return &derived{history: h} }

func (h *History) derive() *derived {
	if h.derived != nil {
		return h.derived
	}
	return newDerived(h)
}

// changes are the commits that concern global IPs, in order.
func (d *derived) changes() []change {
	if d.read == nil {
		d.read = make([]change, 0, len(d.history.Commits))
		for i := range d.history.Commits {
			if c, ok := read(&d.history.Commits[i]); ok {
				d.read = append(d.read, c)
			}
		}
	}
	return d.read
}

// end is the cluster as the last commit left it.
func (d *derived) end() *cluster {
	if d.final == nil {
		d.final = newCluster()
		for _, c := range d.changes() {
			d.final.apply(c)
		}
	}
	return d.final
}
