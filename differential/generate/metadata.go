package generate

import "encoding/json"

// labelled are the labels that selectors ask for.
func (g *generator) labels() object {
	out := object{}
	g.set(out, 0.7, "x", func() any { return oneOf(g, "1", "2", "3") })
	g.set(out, 0.3, "tier", func() any { return oneOf(g, "front", "back") })
	g.set(out, 0.03, "bad key!", func() any { return "1" })
	g.set(out, 0.03, "y", func() any { return oneOf[any](g, "not a value", "", nil) })
	return out
}

var finalizers = []string{"example.com/one", "example.com/two"}

// metadata is that of a write to t.
func (g *generator) metadata(t target) object {
	out := object{"name": t.name}
	labels := object{}
	if g.chance(0.6) {
		labels = g.labels()
	}
	for k, v := range t.labels {
		labels[k] = v
	}
	if len(labels) > 0 {
		out["labels"] = labels
	}
	g.set(out, 0.25, "annotations", func() any {
		return object{"example.com/note": oneOf[any](g, "a", "b", "", nil)}
	})
	g.set(out, 0.25, "finalizers", func() any { return some(g, 2, finalizers...) })
	g.set(out, 0.08, "ownerReferences", func() any { return g.owners() })
	if g.chance(0.06) {
		g.oddMetadata(out)
	}
	return out
}

// oddMetadata sets what a client should not.
func (g *generator) oddMetadata(out object) {
	switch g.Intn(9) {
	case 0:
		out["finalizers"] = []string{"unqualified"}
	case 1:
		out["generation"] = 7
	case 2:
		out["uid"] = "11111111-2222-3333-4444-555555555555"
	case 3:
		out["creationTimestamp"] = "2020-01-01T00:00:00Z"
	case 4:
		out["deletionTimestamp"] = "2020-01-01T00:00:00Z"
	case 5:
		out["namespace"] = oneOf(g, "elsewhere", "${ns}", "")
	case 6:
		out["managedFields"] = []object{}
	case 7:
		out["selfLink"] = "/somewhere"
	case 8:
		out["deletionGracePeriodSeconds"] = 5
	}
}

func (g *generator) owners() any {
	owner := object{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "99999999-2222-3333-4444-555555555555"}
	g.set(owner, 0.3, "controller", func() any { return true })
	g.set(owner, 0.3, "blockOwnerDeletion", func() any { return g.chance(0.5) })
	if g.chance(0.15) {
		delete(owner, oneOf(g, "apiVersion", "kind", "name", "uid"))
	}
	out := []object{owner}
	if g.chance(0.2) {
		second := object{}
		for k, v := range owner {
			second[k] = v
		}
		second["uid"] = "88888888-2222-3333-4444-555555555555"
		out = append(out, second)
	}
	return out
}

// revision is a resourceVersion for a write: mostly fresh or none, else stale
// or impossible.
func (g *generator) revision(t target, metadata object) {
	latest := g.latest(t)
	if latest == "" {
		g.set(metadata, 0.1, "resourceVersion", func() any { return oneOf(g, "1", "0", "") })
		return
	}
	switch p := g.Intn(20); {
	case p < 9:
		metadata["resourceVersion"] = "${" + latest + ":rv}"
	case p < 13:
		metadata["resourceVersion"] = "${" + g.earlier(t) + ":rv}"
	case p < 15:
		metadata["resourceVersion"] = oneOf(g, "0", "", "1", "abc")
	}
	if g.chance(0.1) {
		metadata["uid"] = "${" + g.earlier(t) + ":uid}"
	}
}

// metadataFragment is a part of metadata to be merged in; null removes.
func (g *generator) metadataFragment(t target) object {
	out := object{}
	switch g.Intn(8) {
	case 0, 1, 2:
		out["labels"] = object{"x": oneOf[any](g, "1", "2", "3", nil)}
	case 3:
		out["labels"] = g.labels()
	case 4, 5:
		out["finalizers"] = oneOf[any](g, nil, nil, []string{}, finalizers[:1], finalizers[1:], finalizers)
	case 6:
		out["annotations"] = object{"example.com/note": oneOf[any](g, "a", "b", nil)}
	case 7:
		out["ownerReferences"] = oneOf(g, nil, g.owners())
	}
	if g.chance(0.12) {
		g.revision(t, out)
	}
	if g.chance(0.03) {
		g.oddMetadata(out)
	}
	return out
}

// clone is a deep copy through JSON.
func clone(o object) object {
	b, err := json.Marshal(o)
	if err != nil {
		panic("generate: " + err.Error())
	}
	var out object
	if err := json.Unmarshal(b, &out); err != nil {
		panic("generate: " + err.Error())
	}
	return out
}
