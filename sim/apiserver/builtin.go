package apiserver

import (
	"net/http"
	"strings"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Media types that the routes of built-in resources produce and consume.
var (
	producedByRoute = []string{contentJSON, contentYAML, contentProtobuf}
	producedByList  = []string{contentJSON, contentYAML, contentProtobuf, contentJSON + ";stream=watch", contentProtobuf + ";stream=watch"}
	builtInPatches  = []string{patchJSON, patchMerge, patchStrategic, patchApply}
)

// serveBuiltIn routes as go-restful does in front of the real built-in
// resources: first the path, then the method, then Content-Type and Accept.
func (c *call) serveBuiltIn() {
	if c.info.Beyond || c.kind.Namespaced && c.info.Namespace == "" && c.info.Name != "" ||
		!c.kind.Namespaced && c.info.Namespace != "" {
		c.fail(errGeneric(http.StatusNotFound, ""))
		return
	}
	verbs := c.builtInVerbs()
	if verbs == nil {
		c.fail(errGeneric(http.StatusNotFound, ""))
		return
	}
	serve := verbs[c.r.Method]
	if serve == nil {
		c.fail(errGeneric(http.StatusMethodNotAllowed, ""))
		return
	}
	if c.r.Method == http.MethodPatch && !contains(builtInPatches, c.mediaType()) {
		c.fail(errGeneric(http.StatusUnsupportedMediaType, "415: Unsupported Media Type"))
		return
	}
	produced := producedByRoute
	if c.r.Method == http.MethodGet && c.info.Name == "" {
		produced = producedByList
	}
	if !routeAccepts(c.r.Header.Get("Accept"), produced) {
		c.fail(errGeneric(http.StatusNotAcceptable, "406: Not Acceptable\n\nAvailable representations: "+strings.Join(produced, ", ")))
		return
	}
	if c.version.Deprecated && c.version.DeprecationWarning != "" {
		c.warn(c.version.DeprecationWarning)
	}
	if err := c.info.checkName(); err != nil {
		c.fail(err)
		return
	}
	serve()
}

// builtInVerbs are the handlers of the addressed path by method; nil if
// nothing is there.
func (c *call) builtInVerbs() map[string]func() {
	switch {
	case c.kind.Virtual:
		return c.reviewVerbs()
	case c.info.Watch && c.info.Subresource == "":
		return map[string]func(){http.MethodGet: c.readCollection}
	case c.info.Subresource != "":
		return c.subresourceVerbs()
	case c.info.Name != "":
		return map[string]func(){
			http.MethodGet:    c.get,
			http.MethodPut:    func() { c.update(c.mainEndpoint()) },
			http.MethodPatch:  func() { c.patch(c.mainEndpoint()) },
			http.MethodDelete: c.delete,
		}
	case c.kind.Namespaced && c.info.Namespace == "":
		return map[string]func(){http.MethodGet: c.readCollection}
	case c.kind.Resource == namespaceResource:
		return map[string]func(){http.MethodGet: c.readCollection, http.MethodPost: c.create}
	}
	return map[string]func(){
		http.MethodGet:    c.readCollection,
		http.MethodPost:   c.create,
		http.MethodDelete: c.deleteCollection,
	}
}

// subresourceVerbs are those of /status, /scale and the few others.
func (c *call) subresourceVerbs() map[string]func() {
	switch c.info.Subresource {
	case "status":
		if c.version.Status == nil {
			return nil
		}
		return map[string]func(){
			http.MethodGet:   c.get,
			http.MethodPut:   func() { c.update(c.statusEndpoint()) },
			http.MethodPatch: func() { c.patch(c.statusEndpoint()) },
		}
	case "scale":
		if !scalable(c.kind, c.version) {
			return nil
		}
		return map[string]func(){
			http.MethodGet:   c.getScale,
			http.MethodPut:   func() { c.writeScale(false) },
			http.MethodPatch: func() { c.writeScale(true) },
		}
	}
	return c.specialVerbs()
}

// readCollection lists or watches.
func (c *call) readCollection() {
	if _, err := c.negotiated(); err != nil {
		c.fail(err)
		return
	}
	opts, err := c.listOptions()
	if err != nil {
		c.fail(err)
		return
	}
	if opts.Watch || c.info.Watch {
		if c.info.Watch && c.info.Name != "" {
			if err := selectName(opts, c.info.Name); err != nil {
				c.fail(err)
				return
			}
		}
		c.watch(opts)
		return
	}
	c.list(opts)
}

// endpoint is where a write goes: the main resource or a subresource of it.
type endpoint struct {
	subresource string
	strategy    kinds.UpdateStrategy
	// create: a write to a missing object may create it, if the kind allows
	// that at all.
	create bool
}

func (c *call) mainEndpoint() endpoint {
	return endpoint{strategy: c.version.Strategy, create: true}
}

func (c *call) statusEndpoint() endpoint {
	return endpoint{subresource: "status", strategy: c.version.Status, create: !c.kind.Custom}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
