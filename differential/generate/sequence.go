package generate

import (
	"encoding/json"
	"fmt"
	"net/url"

	"golang.org/x/exp/rand"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// Slots is how many sequences may run against one server at the same time.
// Sequences that are equal modulo Slots name the same cluster IPs, node ports
// and cluster-scoped objects, and must follow one another.
const Slots = 6

// Bounds of a sequence's length, in steps before its watches are read.
const (
	minSteps = 5
	maxSteps = 40
)

// generator builds one sequence.
type generator struct {
	*rand.Rand
	slot      int
	steps     []*corpus.Step
	resources []*resource
	keep      []string
	watches   []string
	// answers are the steps whose answer may hold the object, by resource and
	// name, oldest first.
	answers map[string][]string
	// generated are the objects whose name has served as a generateName.
	generated map[string]bool
}

// Sequence is the sequence of that number. Equal arguments give equal cases.
func Sequence(seed sim.Seed, number int) *corpus.Case {
	g := &generator{
		Rand:      sim.Stream(seed, fmt.Sprintf("differential/%d", number)),
		slot:      number % Slots,
		answers:   map[string][]string{},
		generated: map[string]bool{},
	}
	if g.chance(0.5) {
		g.keep = []string{"managedFields"}
	}
	g.resources = g.chooseResources()
	count := minSteps + g.Intn(maxSteps-minSteps+1)
	for len(g.steps) < count {
		g.act()
	}
	g.readWatches()
	return &corpus.Case{
		Name:  fmt.Sprintf("differential/seed-%d-%d", seed, number),
		Tags:  []string{"differential"},
		Steps: g.steps,
	}
}

// chooseResources mixes resources rarely: most of what goes wrong needs
// several requests to one object.
func (g *generator) chooseResources() []*resource {
	all := []weighted[func(*generator) *resource]{
		{6, services}, {5, widgets}, {3, globalIngressIPs}, {2, gadgets},
		{2, configMaps}, {2, leases}, {2, ipAddresses},
		{3, jobs}, {2, cronJobs}, {2, autoscalers}, {2, ingresses}, {2, networkPolicies}, {2, roleBindings},
		{4, pods}, {3, deployments}, {3, volumeClaims},
	}
	out := []*resource{choose(g, all)(g)}
	if g.chance(0.25) {
		if second := choose(g, all)(g); second.plural != out[0].plural {
			out = append(out, second)
		}
	}
	return out
}

// act adds one request, or the two or three that belong together.
func (g *generator) act() {
	r := g.resources[g.Intn(len(g.resources))]
	t := target{r, r.names[g.Intn(len(r.names))]}
	if len(g.steps) < 2 {
		g.create(t)
		return
	}
	actions := []weighted[func(target)]{
		{17, g.create}, {15, g.update}, {9, g.mergePatch}, {7, g.jsonPatch}, {14, g.apply},
		{9, g.remove}, {2, g.removeCollection}, {6, g.get}, {8, g.list}, {3, g.pages}, {5, g.watch},
	}
	if !r.custom {
		actions = append(actions, weighted[func(target)]{7, g.strategicPatch})
	}
	if r.status != nil {
		actions = append(actions, weighted[func(target)]{9, g.writeStatus})
	}
	if r.scale {
		actions = append(actions, weighted[func(target)]{3, g.writeScale})
	}
	choose(g, actions)(t)
}

// request is what a step sends, before it is encoded.
type request struct {
	method  string
	path    string
	query   url.Values
	headers map[string]string
	body    any
}

func (g *generator) encode(q request) *corpus.Request {
	out := &corpus.Request{Method: q.method, Path: q.path, Headers: q.headers}
	if len(q.query) > 0 {
		out.Path += "?" + unescapeReferences(q.query.Encode())
	}
	if q.body != nil {
		b, err := json.Marshal(q.body)
		if err != nil {
			panic(fmt.Sprintf("generate: a generated body cannot be encoded: %v", err))
		}
		out.Body = b
	}
	return out
}

// send adds a step and returns its ID.
func (g *generator) send(q request) string {
	id := fmt.Sprintf("s%d", len(g.steps)+1)
	g.steps = append(g.steps, &corpus.Step{ID: id, Request: g.encode(q), Keep: g.keep})
	return id
}

// sendFor is send for a request that answers with the target object.
func (g *generator) sendFor(t target, q request) {
	id := g.send(q)
	g.answers[t.key()] = append(g.answers[t.key()], id)
}
