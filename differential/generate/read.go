package generate

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// ownSelector finds a sequence's own cluster-scoped objects.
const ownSelector = "run=${ns}"

// selectors sets label and field selectors, together with probability p.
func (g *generator) selectors(t target, query url.Values, p float64) {
	if g.chance(p) {
		switch g.Intn(4) {
		case 0, 1:
			query.Set("labelSelector", oneOf(g, "x=1", "x", "!x", "x in (1,2)", "x!=1", "x=1,tier=front", "x notin (3)", "x=="))
		case 2:
			query.Set("fieldSelector", oneOf(g, "metadata.name="+t.name, "metadata.name!="+t.name, "metadata.namespace=${ns}"))
		case 3:
			query.Set("fieldSelector", oneOf(g, t.selectors...))
		}
	}
	if t.labels != nil {
		query.Set("labelSelector", ownSelector)
	}
}

// accepts are ways to see an object other than as it is.
func (g *generator) accept() map[string]string {
	if !g.chance(0.12) {
		return nil
	}
	const group = ";v=v1;g=meta.k8s.io"
	return map[string]string{"Accept": oneOf(g,
		"application/json;as=Table"+group+",application/json",
		"application/json;as=PartialObjectMetadata"+group,
		"application/json;as=PartialObjectMetadataList"+group+",application/json",
		"application/vnd.kubernetes.protobuf",
		"application/vnd.kubernetes.protobuf,application/json",
		"text/html",
	)}
}

// sync waits until the server's watch cache has caught up: a consistent read
// does. What is then read at resourceVersion=0 is no longer a matter of time.
func (g *generator) sync(t target) {
	query := url.Values{}
	g.selectors(t, query, 0)
	g.send(request{method: http.MethodGet, path: t.collection, query: query})
}

func (g *generator) get(t target) {
	query := url.Values{}
	if g.chance(0.3) {
		g.sync(t)
		query.Set("resourceVersion", oneOf(g, "0", "0", "0", "1", "abc"))
	}
	headers := g.accept()
	g.sendFor(t, request{method: http.MethodGet, path: t.path(), query: query, headers: headers})
}

func (g *generator) list(t target) {
	query := url.Values{}
	g.selectors(t, query, 0.5)
	switch g.Intn(8) {
	case 0, 1:
		g.sync(t)
		query.Set("resourceVersion", "0")
	case 2:
		g.sync(t)
		if id := g.earlier(t); id != "" {
			query.Set("resourceVersion", "${"+id+":rv}")
		}
	case 3:
		g.sync(t)
		query.Set("resourceVersion", oneOf(g, "abc", "-1", "1"))
	}
	if g.chance(0.15) {
		query.Set("resourceVersionMatch", oneOf(g, "NotOlderThan", "NotOlderThan", "Exact", "Bogus"))
	}
	// Pages of cluster-scoped objects end where other sequences' objects begin.
	if g.chance(0.2) && t.labels == nil {
		query.Set("limit", oneOf(g, "1", "2", "0", "-1", "x"))
	}
	if g.chance(0.05) {
		query.Set("sendInitialEvents", "true")
	}
	g.send(request{method: http.MethodGet, path: t.collection, query: query, headers: g.accept()})
}

// pages reads a list in pages while it may change.
func (g *generator) pages(t target) {
	if t.labels != nil {
		g.list(t)
		return
	}
	query := url.Values{"limit": {oneOf(g, "1", "1", "2")}}
	g.selectors(t, query, 0.3)
	id := g.send(request{method: http.MethodGet, path: t.collection, query: query})
	if g.chance(0.4) {
		g.create(target{t.resource, oneOf(g, t.names...)})
	}
	for range 1 + g.Intn(2) {
		query.Set("continue", "${"+id+":continue}")
		if g.chance(0.05) {
			query.Set("resourceVersion", oneOf(g, "0", "1"))
		}
		id = g.send(request{method: http.MethodGet, path: t.collection, query: query})
	}
}

// maxWatches is how many watches one sequence opens.
const maxWatches = 3

func (g *generator) watch(t target) {
	if len(g.watches) == maxWatches {
		g.get(t)
		return
	}
	query := url.Values{"watch": {oneOf(g, "1", "true")}}
	g.selectors(t, query, 0.5)
	g.sync(t)
	switch g.Intn(7) {
	case 0, 1:
		query.Set("resourceVersion", "${"+g.steps[len(g.steps)-1].ID+":rv}")
	case 2, 3:
		query.Set("resourceVersion", "0")
	case 4:
		if id := g.earlier(t); id != "" {
			query.Set("resourceVersion", "${"+id+":rv}")
		}
	case 5, 6:
		query.Set("sendInitialEvents", "true")
		query.Set("resourceVersionMatch", oneOf(g, "NotOlderThan", "NotOlderThan", "NotOlderThan", "Exact"))
		query.Set("allowWatchBookmarks", oneOf(g, "true", "true", "false"))
		if g.chance(0.3) {
			query.Set("resourceVersion", oneOf(g, "0", "${"+g.steps[len(g.steps)-1].ID+":rv}"))
		}
	}
	if g.chance(0.05) {
		query.Set("resourceVersionMatch", "NotOlderThan")
	}
	name := fmt.Sprintf("w%d", len(g.watches)+1)
	g.watches = append(g.watches, name)
	id := fmt.Sprintf("s%d", len(g.steps)+1)
	q := g.encode(request{method: http.MethodGet, path: t.collection, query: query, headers: g.accept()})
	g.steps = append(g.steps, &corpus.Step{ID: id, Op: corpus.OpWatchStart, Watch: name, Request: q, Keep: g.keep})
}

func (g *generator) readWatches() {
	for _, name := range g.watches {
		id := fmt.Sprintf("s%d", len(g.steps)+1)
		g.steps = append(g.steps, &corpus.Step{ID: id, Op: corpus.OpWatchRead, Watch: name, Keep: g.keep})
	}
}
