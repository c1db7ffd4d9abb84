package apiserver

import (
	"net/http"
	"runtime"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// documents are discovery and OpenAPI answers, made when first asked for and
// dropped when what is served changes.
type documents struct {
	discovery []byte // aggregated, of /apis
	core      []byte // aggregated, of /api
	openAPI   map[string][]byte
}

// serverVersion is the release whose behaviour is simulated.
var serverVersion = version.Info{
	Major: "1", Minor: "37", GitVersion: "v1.37.1",
	GitTreeState: "clean", GoVersion: runtime.Version(), Compiler: runtime.Compiler, Platform: "linux/amd64",
}

// serveDocument answers paths that name no object; false: nothing is there.
// In the real server some of these paths are routes, which have a method, and
// the others plain handlers, which do not look at it.
func (c *call) serveDocument(path string) bool {
	switch path {
	case "/api", "/version":
		if c.r.Method != http.MethodGet {
			c.fail(errGeneric(http.StatusMethodNotAllowed, ""))
			return true
		}
	}
	switch path {
	case "":
		c.rootPaths()
	case "/version":
		c.respond(http.StatusOK, contentJSON, indented(marshalJSON(serverVersion)))
	case "/healthz", "/livez", "/readyz":
		c.respond(http.StatusOK, "text/plain; charset=utf-8", []byte("ok"))
	case "/api":
		c.coreVersions()
	case "/apis":
		c.groupList()
	case "/openapi/v2":
		c.openAPIV2()
	case "/openapi/v3":
		c.openAPIIndex()
	default:
		return c.serveNested(path)
	}
	return true
}

// serveNested answers /api/v1, /apis/group, /apis/group/version and the
// OpenAPI documents of group versions.
func (c *call) serveNested(path string) bool {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case len(parts) == 2 && parts[0] == "api":
		return c.resourceList(schema.GroupVersion{Version: parts[1]})
	case len(parts) == 2 && parts[0] == "apis":
		return c.group(parts[1])
	case len(parts) == 3 && parts[0] == "apis":
		return c.resourceList(schema.GroupVersion{Group: parts[1], Version: parts[2]})
	case len(parts) == 4 && path == "/openapi/v3/api/"+parts[3]:
		return c.openAPIV3(schema.GroupVersion{Version: parts[3]})
	case len(parts) == 5 && path == "/openapi/v3/apis/"+parts[3]+"/"+parts[4]:
		return c.openAPIV3(schema.GroupVersion{Group: parts[3], Version: parts[4]})
	}
	return false
}

func (c *call) rootPaths() {
	paths := []string{"/api", "/api/v1", "/apis"}
	for _, g := range c.server.groups {
		if g.name == "" {
			continue
		}
		paths = append(paths, "/apis/"+g.name)
		for _, v := range g.versions {
			paths = append(paths, "/apis/"+v.gv.String())
		}
	}
	paths = append(paths, "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version")
	c.respond(http.StatusOK, contentJSON, indented(marshalJSON(map[string]any{"paths": paths})))
}
