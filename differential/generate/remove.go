package generate

import (
	"net/http"
	"net/url"
)

// deleteOptions come in the query, in the body, or not at all.
func (g *generator) deleteOptions(t target) (url.Values, any) {
	query := url.Values{}
	if g.chance(0.4) {
		return query, nil
	}
	if g.chance(0.4) {
		if g.chance(0.6) {
			query.Set("propagationPolicy", g.propagation())
		}
		if g.chance(0.3) {
			query.Set("gracePeriodSeconds", oneOf(g, "0", "10", "-1"))
		}
		if g.chance(0.15) {
			query.Set("dryRun", "All")
		}
		return query, nil
	}
	body := object{"apiVersion": "v1", "kind": "DeleteOptions"}
	g.set(body, 0.4, "propagationPolicy", func() any { return g.propagation() })
	g.set(body, 0.2, "gracePeriodSeconds", func() any { return oneOf(g, 0, 10, -1) })
	g.set(body, 0.1, "dryRun", func() any { return []string{"All"} })
	g.set(body, 0.05, "orphanDependents", func() any { return g.chance(0.5) })
	if id := g.earlier(t); id != "" && g.chance(0.5) {
		preconditions := object{}
		g.set(preconditions, 0.6, "uid", func() any { return oneOf(g, "${"+id+":uid}", "${"+id+":uid}", "11111111-2222-3333-4444-555555555555") })
		g.set(preconditions, 0.5, "resourceVersion", func() any { return oneOf(g, "${"+g.latest(t)+":rv}", "${"+id+":rv}", "1") })
		body["preconditions"] = preconditions
	}
	return query, body
}

func (g *generator) propagation() string {
	return oneOf(g, "Background", "Background", "Foreground", "Foreground", "Orphan", "Orphan", "Bogus")
}

func (g *generator) remove(t target) {
	query, body := g.deleteOptions(t)
	g.send(request{method: http.MethodDelete, path: t.path(), query: query, body: body})
}

func (g *generator) removeCollection(t target) {
	query, body := g.deleteOptions(t)
	g.selectors(t, query, 0.6)
	if t.labels != nil {
		query.Set("labelSelector", ownSelector)
	}
	g.send(request{method: http.MethodDelete, path: t.collection, query: query, body: body})
}
