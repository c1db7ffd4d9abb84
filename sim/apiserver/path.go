package apiserver

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
)

// requestInfo is what a URL path says, after k8s.io/apiserver's RequestInfo.
type requestInfo struct {
	Group, Version string
	Namespace      string
	Resource       string
	Name           string
	Subresource    string
	// Watch: the deprecated /watch/ prefix.
	Watch bool
	// Beyond: the path goes on after the subresource.
	Beyond bool
}

// namespaceSubresources are not resources inside a namespace although their
// path has the shape of one.
var namespaceSubresources = map[string]bool{"status": true, "finalize": true}

// parseResourcePath reads /api/v1/... and /apis/group/version/...; ok is false
// for every other path, discovery documents among them.
func parseResourcePath(path string) (info requestInfo, ok bool) {
	parts := strings.Split(strings.TrimRight(strings.TrimPrefix(path, "/"), "/"), "/")
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		info.Version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		info.Group, info.Version, parts = parts[1], parts[2], parts[3:]
	default:
		return info, false
	}
	if parts[0] == "watch" {
		if len(parts) < 2 {
			return info, false
		}
		info.Watch, parts = true, parts[1:]
	}
	if parts[0] == "namespaces" && len(parts) > 1 {
		info.Namespace = parts[1]
		if len(parts) > 2 && !namespaceSubresources[parts[2]] {
			parts = parts[2:]
		}
	}
	info.Resource = parts[0]
	if len(parts) > 1 {
		info.Name = parts[1]
	}
	if len(parts) > 2 {
		info.Subresource = parts[2]
	}
	info.Beyond = len(parts) > 3
	if info.Group == "" && info.Resource == "namespaces" {
		info.Namespace = ""
	}
	return info, true
}

// checkName refuses names that no object can be stored under. Paths are not
// cleaned, so that they get here.
func (i requestInfo) checkName() error {
	if i.Name == "" || i.Watch {
		return nil
	}
	if faults := pathvalidation.IsValidPathSegmentName(i.Name); len(faults) > 0 {
		return apierrors.NewBadRequest(fmt.Sprintf("Name parameter invalid: %q: %s", i.Name, strings.Join(faults, ";")))
	}
	return nil
}
