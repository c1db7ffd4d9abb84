package scenarios

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/faults"
)

// header is the comment on top of every file that [Marshal] writes.
const header = "A scenario for seatrial: what happens, when, and what must hold.\n" +
	"Run it with: seatrial run FILE. The format is described in docs/scenarios.md."

// Marshal writes a complete, valid plan as a scenario file. [Parse] reads back
// the same plan. The text depends on the plan alone: fields in a fixed order,
// defaults left out, steps and rules on one line each where they fit. It fails
// on a plan that [Plan.Validate] refuses.
func Marshal(p Plan) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("writing scenario %q: %w", p.Name, err)
	}
	root := newMapping()
	root.text("apiVersion", APIVersion)
	root.text("kind", Kind)
	root.text("name", p.Name)
	root.prose("description", p.Description)
	if p.Seed != 0 {
		root.add("seed", scalar("!!int", strconv.FormatUint(uint64(p.Seed), 10)))
	}
	root.nested("world", p.World.node())
	root.duration("safety", p.Safety, defaultSafety)
	root.duration("settle", p.Settle, defaultSettle)
	var steps, rules []*yaml.Node
	for i := range p.Steps {
		steps = append(steps, fitted(p.Steps[i].node()))
	}
	for _, r := range p.Faults {
		rules = append(rules, fitted(ruleNode(r, true)))
	}
	root.list("steps", steps)
	root.list("faults", rules)
	root.nested("expect", expectNode(p.Expect))
	return encode(root.node)
}

func encode(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	document := &yaml.Node{Kind: yaml.DocumentNode, HeadComment: header, Content: []*yaml.Node{n}}
	if err := e.Encode(document); err != nil {
		return nil, fmt.Errorf("writing scenario: %w", err)
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("writing scenario: %w", err)
	}
	return b.Bytes(), nil
}

func (w *World) node() *mapping {
	m := newMapping()
	if !slices.Equal(w.CIDRs, []netip.Prefix{defaultCIDR}) {
		var cidrs []string
		for _, c := range w.CIDRs {
			cidrs = append(cidrs, c.String())
		}
		m.texts("cidrs", cidrs)
	}
	m.texts("namespaces", w.Namespaces)
	controller := newMapping()
	controller.integer("replicas", w.Controller.Replicas, defaultReplicas)
	controller.integer("workers", w.Controller.Workers, defaultWorkers)
	controller.flag("leaderElection", w.Controller.LeaderElection)
	m.flow("controller", controller)
	server := newMapping()
	server.integer("replicas", w.APIServer.Replicas, defaultReplicas)
	server.flag("watchList", w.APIServer.WatchList)
	server.duration("compactEvery", w.APIServer.CompactEvery, 0)
	m.flow("apiServer", server)
	m.integer("consumers", w.Consumers, 0)
	if w.Latency != defaultLatency {
		m.span("latency", w.Latency)
	}
	return m
}

func (s *Step) node() *mapping {
	m := newMapping()
	m.always("at", s.At)
	if s.ID != s.contentID() {
		m.text("id", s.ID)
	}
	if s.User != defaultUser {
		m.text("user", s.User)
	}
	switch {
	case s.CreateService != nil:
		m.nested("createService", s.CreateService.node())
	case s.UpdateService != nil:
		u := newRef(s.UpdateService.ObjectRef)
		u.ports(s.UpdateService.Ports)
		u.textMap("selector", s.UpdateService.Selector)
		m.nested("updateService", u)
	case s.Apply != nil:
		m.add("apply", jsonNode(s.Apply.Object))
	case s.Patch != nil:
		r := newResourceRef(s.Patch.ResourceRef)
		if s.Patch.Type != "merge" {
			r.text("type", s.Patch.Type)
		}
		r.add("patch", jsonNode(s.Patch.Body))
		m.nested("patch", r)
	case s.Delete != nil:
		m.nested("delete", newResourceRef(*s.Delete))
	default:
		m.nested(s.Action(), newRef(*s.ServiceRef()))
	}
	return m
}

func newRef(r ObjectRef) *mapping {
	m := newMapping()
	if r.Namespace != "default" {
		m.text("namespace", r.Namespace)
	}
	m.text("name", r.Name)
	return m
}

func newResourceRef(r ResourceRef) *mapping {
	m := newMapping()
	m.text("resource", r.Resource)
	if r.Namespace != "default" {
		m.text("namespace", r.Namespace)
	}
	m.text("name", r.Name)
	return m
}

func (c *CreateService) node() *mapping {
	m := newRef(c.ObjectRef)
	if c.Type != "ClusterIP" {
		m.text("type", c.Type)
	}
	m.flag("headless", c.Headless)
	if !slices.Equal(c.Ports, []Port{{Port: 80, TargetPort: 80, Protocol: "TCP"}}) {
		m.ports(c.Ports)
	}
	if len(c.Selector) != 1 || c.Selector["app"] != c.Name {
		m.textMap("selector", c.Selector)
	}
	return m
}

func (m *mapping) ports(ports []Port) {
	var items []*yaml.Node
	for _, p := range ports {
		item := newMapping()
		item.text("name", p.Name)
		item.integer("port", p.Port, 0)
		item.integer("targetPort", p.TargetPort, p.Port)
		if p.Protocol != "TCP" {
			item.text("protocol", p.Protocol)
		}
		items = append(items, item.node)
	}
	m.list("ports", items)
}

// ruleNode writes a rule. Without its id it is what the id is made from.
func ruleNode(r faults.Rule, withID bool) *mapping {
	m := newMapping()
	if withID && r.ID != ruleID(r) {
		m.text("id", r.ID)
	}
	m.text("kind", string(r.Kind))
	m.text("process", r.Process)
	m.text("when", string(r.When))
	m.texts("verbs", r.Verbs)
	m.texts("resources", r.Resources)
	m.text("namespace", r.Namespace)
	m.text("name", r.Name)
	m.integer("first", r.First, 0)
	m.integer("last", r.Last, 0)
	m.integer("nth", r.Nth, 0)
	if r.Momentary() {
		m.always("at", r.From)
	} else {
		m.duration("from", r.From, 0)
	}
	m.duration("until", r.Until, 0)
	if r.Probability != 1 {
		m.add("probability", scalar("!!float", strconv.FormatFloat(r.Probability, 'g', -1, 64)))
	}
	m.integer("limit", r.Limit, 0)
	if r.Delay != (faults.Span{}) {
		m.span("delay", r.Delay)
	}
	m.duration("retryAfter", r.RetryAfter, 0)
	m.text("direction", string(r.Direction))
	if r.RestartAfter < 0 {
		m.text("restartAfter", never)
	} else {
		m.duration("restartAfter", r.RestartAfter, 0)
	}
	m.integer("replica", r.Replica, 0)
	return m
}

// ruleID makes an ID of what a rule says rather than of where it stands, so
// that it keeps its decisions when other rules come and go. It is made from
// the written form, which leaves out defaults: a field added to rules later
// does not change the IDs of the rules that do not use it.
func ruleID(r faults.Rule) string {
	if r.Probability == 0 {
		r.Probability = 1
	}
	n := ruleNode(r, false).node
	h := fnv.New32a()
	writeCanonical(h, n)
	return fmt.Sprintf("%s-%08x", r.Kind, h.Sum32())
}

func writeCanonical(w interface{ Write([]byte) (int, error) }, n *yaml.Node) {
	fmt.Fprintf(w, "%d %q\n", n.Kind, n.Value)
	for _, child := range n.Content {
		writeCanonical(w, child)
	}
}

func expectNode(expect map[string]Expectation) *mapping {
	m := newMapping()
	for _, subject := range sortedKeys(expect) {
		e := expect[subject]
		if e.Property == "" {
			m.text(subject, e.Verdict)
			continue
		}
		inner := newMapping()
		inner.text("verdict", e.Verdict)
		inner.text("property", e.Property)
		m.flow(subject, inner)
	}
	return m
}

func (m *mapping) always(key string, d time.Duration) { m.add(key, scalar("!!str", formatDuration(d))) }
