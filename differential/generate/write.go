package generate

import (
	"net/http"
	"net/url"
)

// Content types of patches.
const (
	jsonPatchType      = "application/json-patch+json"
	mergePatchType     = "application/merge-patch+json"
	strategicPatchType = "application/strategic-merge-patch+json"
	applyPatchType     = "application/apply-patch+yaml"
)

// writeQuery are the options every write takes.
func (g *generator) writeQuery() url.Values {
	q := url.Values{}
	if g.chance(0.07) {
		q.Set("dryRun", oneOf(g, "All", "All", "All", "Some"))
	}
	if g.chance(0.2) {
		q.Set("fieldManager", oneOf(g, "m1", "m2", "m3"))
	}
	if g.chance(0.2) {
		q.Set("fieldValidation", oneOf(g, "Strict", "Strict", "Warn", "Ignore", "Bogus"))
	}
	return q
}

func (g *generator) create(t target) {
	metadata := g.metadata(t)
	if g.chance(0.05) {
		delete(metadata, "name")
		// Two names of one base would be listed in an order left to chance.
		if !g.generated[t.key()] {
			g.set(metadata, 0.7, "generateName", func() any { return t.name + "-" })
			g.generated[t.key()] = true
		}
	}
	if g.chance(0.03) {
		metadata["resourceVersion"] = "5"
	}
	body := g.whole(t, metadata, t.content())
	if t.status != nil && g.chance(0.1) {
		body["status"] = t.status()["status"]
	}
	g.odd(body)
	g.sendFor(t, request{method: http.MethodPost, path: t.collection, query: g.writeQuery(), body: body})
}

// odd spoils a body now and then.
func (g *generator) odd(body object) {
	if !g.chance(0.06) {
		return
	}
	switch g.Intn(6) {
	case 0:
		body["kind"] = oneOf[any](g, "Other", "", nil)
	case 1:
		body["apiVersion"] = oneOf[any](g, "v9", "other.example.com/v1", nil)
	case 2:
		body["unknownField"] = 1
	case 3:
		body["spec"] = oneOf[any](g, "text", nil, 1, []int{1}, object{})
	case 4:
		body["metadata"].(object)["unknownMeta"] = object{"a": 1}
	case 5:
		body["metadata"].(object)["labels"] = oneOf[any](g, "text", object{"x": 1}, nil)
	}
}

func (g *generator) update(t target) {
	if g.chance(0.4) {
		g.sendFor(t, request{method: http.MethodGet, path: t.path()})
	}
	metadata := g.metadata(t)
	g.revision(t, metadata)
	if g.chance(0.02) {
		metadata["name"] = "another"
	}
	body := g.whole(t, metadata, t.content())
	g.odd(body)
	g.sendFor(t, request{method: http.MethodPut, path: t.path(), query: g.writeQuery(), body: body})
}

// changes is a partial object: metadata, the kind's own fields, or both.
func (g *generator) changes(t target) object {
	out := object{}
	if g.chance(0.6) {
		out["metadata"] = g.metadataFragment(t)
	}
	if len(out) == 0 || g.chance(0.5) {
		for k, v := range t.fragment() {
			out[k] = v
		}
	}
	if g.chance(0.04) {
		out["unknownField"] = oneOf[any](g, 1, nil)
	}
	return out
}

func (g *generator) patch(t target, path, contentType string, body any, query url.Values) {
	g.sendFor(t, request{
		method:  http.MethodPatch,
		path:    path,
		query:   query,
		headers: map[string]string{"Content-Type": contentType},
		body:    body,
	})
}

func (g *generator) mergePatch(t target) {
	g.patch(t, t.path(), mergePatchType, g.changes(t), g.writeQuery())
}

func (g *generator) strategicPatch(t target) {
	body := g.changes(t)
	if g.chance(0.15) {
		body["metadata"] = object{oneOf(g, "$deleteFromPrimitiveList/finalizers", "$setElementOrder/finalizers", "finalizers"): some(g, 2, finalizers...)}
	}
	g.patch(t, t.path(), strategicPatchType, body, g.writeQuery())
}

func (g *generator) jsonPatch(t target) {
	var body []object
	for range 1 + g.Intn(3) {
		if g.chance(0.5) {
			body = append(body, t.edits())
		} else {
			body = append(body, g.metadataEdit(t))
		}
	}
	g.patch(t, t.path(), jsonPatchType, body, g.writeQuery())
}

func (g *generator) metadataEdit(t target) object {
	switch g.Intn(9) {
	case 0:
		return object{"op": "add", "path": "/metadata/labels", "value": g.labels()}
	case 1:
		return object{"op": oneOf(g, "add", "replace"), "path": "/metadata/labels/x", "value": oneOf(g, "1", "2", "3")}
	case 2:
		return object{"op": "remove", "path": oneOf(g, "/metadata/labels/x", "/metadata/labels", "/metadata/finalizers", "/metadata/finalizers/0")}
	case 3:
		return object{"op": "test", "path": "/metadata/labels/x", "value": oneOf(g, "1", "2")}
	case 4:
		return object{"op": "add", "path": "/metadata/finalizers/-", "value": oneOf(g, finalizers...)}
	case 5:
		return object{"op": "add", "path": "/metadata/finalizers", "value": some(g, 2, finalizers...)}
	case 6:
		return object{"op": oneOf(g, "copy", "move"), "from": "/metadata/labels/x", "path": "/metadata/labels/y"}
	case 7:
		rv := object{}
		g.revision(t, rv)
		if v, ok := rv["resourceVersion"]; ok {
			return object{"op": oneOf(g, "test", "replace"), "path": "/metadata/resourceVersion", "value": v}
		}
		return object{"op": "test", "path": "/metadata/name", "value": t.name}
	}
	return object{"op": oneOf(g, "add", "remove", "bogus"), "path": oneOf(g, "/metadata/annotations/a~1b", "/nowhere/x", "", "metadata"), "value": "1"}
}

func (g *generator) apply(t target) {
	metadata := object{"name": t.name}
	labels := object{}
	if g.chance(0.5) {
		labels = g.labels()
		if labels["y"] == nil {
			delete(labels, "y")
		}
	}
	for k, v := range t.labels {
		labels[k] = v
	}
	if len(labels) > 0 {
		metadata["labels"] = labels
	}
	if names := some(g, 2, finalizers...); len(names) > 0 && g.chance(0.2) {
		metadata["finalizers"] = names
	}
	g.set(metadata, 0.1, "annotations", func() any { return object{"example.com/note": oneOf(g, "a", "b")} })
	if g.chance(0.08) {
		g.revision(t, metadata)
	}
	content := t.fragment()
	if g.chance(0.4) {
		content = t.content()
	}
	body := g.whole(t, metadata, content)
	g.odd(body)
	g.patch(t, t.path(), applyPatchType, body, g.applyQuery())
}

func (g *generator) applyQuery() url.Values {
	q := g.writeQuery()
	q.Set("fieldManager", oneOf(g, "m1", "m1", "m2", "m3"))
	if g.chance(0.02) {
		q.Del("fieldManager")
	}
	if g.chance(0.25) {
		q.Set("force", oneOf(g, "true", "true", "false"))
	}
	return q
}

func (g *generator) writeStatus(t target) {
	path := t.path() + "/status"
	metadata := object{"name": t.name}
	if g.chance(0.2) {
		metadata = g.metadata(t)
	}
	switch g.Intn(6) {
	case 0, 1:
		g.revision(t, metadata)
		body := g.whole(t, metadata, t.content())
		body["status"] = t.status()["status"]
		g.odd(body)
		g.sendFor(t, request{method: http.MethodPut, path: path, query: g.writeQuery(), body: body})
	case 2, 3:
		body := t.status()
		if g.chance(0.2) {
			body["metadata"] = g.metadataFragment(t)
		}
		if g.chance(0.1) {
			for k, v := range t.fragment() {
				body[k] = v
			}
		}
		g.patch(t, path, mergePatchType, body, g.writeQuery())
	case 4:
		g.patch(t, path, applyPatchType, g.whole(t, metadata, t.status()), g.applyQuery())
	case 5:
		g.sendFor(t, request{method: http.MethodGet, path: path})
	}
}

func (g *generator) writeScale(t target) {
	path := t.path() + "/scale"
	replicas := object{"replicas": oneOf[any](g, 0, 1, 5, -1, "x")}
	switch g.Intn(3) {
	case 0:
		g.send(request{method: http.MethodGet, path: path})
	case 1:
		metadata := object{"name": t.name}
		g.revision(t, metadata)
		body := object{"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": replicas}
		g.send(request{method: http.MethodPut, path: path, query: g.writeQuery(), body: body})
	case 2:
		g.send(request{
			method: http.MethodPatch, path: path, query: g.writeQuery(),
			headers: map[string]string{"Content-Type": mergePatchType},
			body:    object{"spec": replicas},
		})
	}
}
