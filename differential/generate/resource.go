package generate

// resource is what the requests need to know about a resource.
type resource struct {
	plural     string
	apiVersion string
	kind       string
	collection string // path of the collection
	names      []string
	custom     bool
	scale      bool
	// labels are on every object created: cluster-scoped objects need one by
	// which a sequence finds its own.
	labels object
	// content is what an object holds beside type and metadata, fragment a
	// part of that to be merged in, status the same for /status (nil: none).
	content  func() object
	fragment func() object
	status   func() object
	// edits are JSON patch operations on this kind's own fields.
	edits func() object
	// selectors are field selectors, some of them refused.
	selectors []string
}

// target is an object that may or may not exist.
type target struct {
	*resource
	name string
}

func (t target) key() string  { return t.plural + "/" + t.name }
func (t target) path() string { return t.collection + "/" + t.name }

// whole is a complete object.
func (g *generator) whole(t target, metadata object, content object) object {
	out := object{"apiVersion": t.apiVersion, "kind": t.kind, "metadata": metadata}
	for k, v := range content {
		out[k] = v
	}
	return out
}

// latest is the step that answered last with the object; "" if none did.
func (g *generator) latest(t target) string {
	ids := g.answers[t.key()]
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}

// any is any earlier step that answered with the object.
func (g *generator) earlier(t target) string {
	ids := g.answers[t.key()]
	if len(ids) == 0 {
		return ""
	}
	return ids[g.Intn(len(ids))]
}
