package apiserver

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
)

var customPatches = []string{patchJSON, patchMerge, patchApply}

// serveCustom routes as the handler of custom resources does: there are no
// routes, the verb is worked out from method and path.
func (c *call) serveCustom() bool {
	verb := c.verb()
	if namespaced := c.info.Namespace != ""; namespaced != c.kind.Namespaced {
		if namespaced || verb != "list" && verb != "watch" {
			return false
		}
	}
	if c.version.Deprecated {
		c.warn(c.version.DeprecationWarning)
	}
	if err := c.info.checkName(); err != nil && verb != "create" && verb != "" {
		c.fail(err)
		return true
	}
	switch sub := c.info.Subresource; {
	case sub == "":
		c.whenConvertible(func() { c.serveCustomMain(verb) })
	case sub == "status" && c.version.Status != nil:
		c.whenConvertible(func() { c.serveCustomStatus(verb) })
	case sub == "scale" && c.version.Scale != nil:
		c.whenConvertible(func() { c.serveCustomScale(verb) })
	default:
		c.fail(c.notFound())
	}
	return true
}

func (c *call) verb() string {
	switch c.r.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if c.info.Name == "" {
			return "deletecollection"
		}
		return "delete"
	case http.MethodGet:
		if c.info.Name != "" && !c.info.Watch {
			return "get"
		}
		if c.info.Watch {
			return "watch"
		}
		switch c.query().Get("watch") {
		case "", "false", "0":
			return "list"
		}
		return "watch"
	}
	return "" // and so it is called in the 405
}

func (c *call) serveCustomMain(verb string) {
	switch verb {
	case "get":
		c.get()
	case "list", "watch":
		c.readCollection()
	case "create":
		c.create()
	case "update":
		c.update(c.mainEndpoint())
	case "patch":
		c.patch(c.mainEndpoint())
	case "delete":
		c.delete()
	case "deletecollection":
		c.deleteCollection()
	default:
		c.fail(methodNotSupported(c.kind.Resource, verb))
	}
}

func (c *call) serveCustomStatus(verb string) {
	switch verb {
	case "get":
		c.get()
	case "update":
		c.update(c.statusEndpoint())
	case "patch":
		c.patch(c.statusEndpoint())
	default:
		c.fail(methodNotSupported(c.kind.Resource, verb))
	}
}

func (c *call) serveCustomScale(verb string) {
	switch verb {
	case "get":
		c.getScale()
	case "update":
		c.writeScale(false)
	case "patch":
		c.writeScale(true)
	default:
		c.fail(methodNotSupported(c.kind.Resource, verb))
	}
}

func methodNotSupported(gr schema.GroupResource, verb string) error {
	return apierrors.NewMethodNotSupported(gr, verb)
}

// patchTypes are those a kind takes; others are 415.
func (c *call) checkPatchType() error {
	known := builtInPatches
	if c.kind.Custom {
		known = customPatches
	}
	if !contains(known, c.mediaType()) {
		return negotiation.NewUnsupportedMediaTypeError(known)
	}
	return nil
}
