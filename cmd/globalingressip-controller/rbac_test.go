package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// access is one request in the terms of RBAC.
type access struct{ verb, group, resource, name string }

// accessOf reads off the path what a request is about:
// /api/v1/namespaces/NS/RESOURCE/NAME/SUBRESOURCE, or /apis/GROUP/VERSION/….
func accessOf(req *http.Request) access {
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")

	a := access{}
	if parts[0] == "apis" {
		a.group, parts = parts[1], parts[3:]
	} else {
		parts = parts[2:]
	}

	if len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}

	a.resource = parts[0]
	if len(parts) > 1 {
		a.name = parts[1]
	}

	if len(parts) > 2 {
		a.resource += "/" + parts[2]
	}

	a.verb = map[string]string{
		http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete", http.MethodGet: "get",
	}[req.Method]

	switch {
	case a.verb == "get" && req.URL.Query().Get("watch") != "":
		a.verb = "watch"
	case a.verb == "get" && a.name == "":
		a.verb = "list"
	case a.verb == "delete" && a.name == "":
		a.verb = "deletecollection"
	}

	return a
}

// granted are the rules of deploy/rbac.yaml, of the ClusterRole and of the Role
// together: the stories have one namespace.
func granted(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()

	content, err := os.ReadFile(filepath.Join("..", "..", "deploy", "rbac.yaml"))
	require.NoError(t, err)

	var rules []rbacv1.PolicyRule

	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rules
		}

		require.NoError(t, err)

		var role rbacv1.Role // a ClusterRole reads alike, as far as this goes
		require.NoError(t, sigsyaml.Unmarshal(document, &role))
		rules = append(rules, role.Rules...)
	}
}

func allows(rules []rbacv1.PolicyRule, a access) bool {
	return slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
		return slices.Contains(rule.Verbs, a.verb) && slices.Contains(rule.APIGroups, a.group) &&
			slices.Contains(rule.Resources, a.resource) &&
			(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.name))
	})
}

// TestLeastPrivilege compares what the controller asked for, in a story that
// has everything, with what deploy/rbac.yaml grants: nothing is missing, and
// nothing is granted that is never used, but for what is listed here.
func TestLeastPrivilege(t *testing.T) {
	unused := []access{
		{"update", "submariner.io", "globalingressips/finalizers", ""}, // asked for by an admission plugin, in other clusters
		{"patch", "", "events", ""},                                    // for Events that repeat
	}
	rules := granted(t)
	used := fullStory(t)

	for _, a := range used {
		assert.True(t, allows(rules, a), "%+v is not granted", a)
	}

	for _, rule := range rules {
		for _, verb := range rule.Verbs {
			for _, resource := range rule.Resources {
				a := access{verb, rule.APIGroups[0], resource, ""}
				needed := slices.Contains(unused, a) || slices.ContainsFunc(used, func(u access) bool {
					return u.verb == a.verb && u.group == a.group && u.resource == a.resource
				})
				assert.True(t, needed, "%+v is granted and never used", a)
			}
		}
	}
}
