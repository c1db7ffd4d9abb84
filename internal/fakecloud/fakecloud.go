// Package fakecloud is a cloud that keeps load balancers, for tests of servers beside the
// API server: small, and with the two ways to make one that differ when an answer is lost.
package fakecloud

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Host is its name.
const Host = "cloud.example.com"

// cloud keeps load balancers.
type cloud struct {
	balancers map[string]string // what each is for, by ID
	made      int
}

// New is a cloud without balancers. POST to /balancers makes one with a new ID, whatever
// there is already; PUT to /balancers/ID makes the one of that ID, or leaves it; DELETE
// removes one. A body says what the balancer is for; the answer is {"id": ID}.
func New() http.Handler { return &cloud{balancers: map[string]string{}} }

// State is what laws see, a []string: what each balancer is for, sorted.
func (c *cloud) State() any { return slices.Sorted(maps.Values(c.balancers)) }

// ServeHTTP implements [http.Handler].
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	purpose, _ := io.ReadAll(r.Body) // what is cut off is a purpose, too
	id := strings.TrimPrefix(r.URL.Path, "/balancers/")
	switch r.Method {
	case http.MethodPost:
		c.made++
		id = fmt.Sprintf("lb-%d", c.made)
		c.balancers[id] = string(purpose)
		w.WriteHeader(http.StatusCreated)
	case http.MethodPut:
		c.balancers[id] = string(purpose)
	case http.MethodDelete:
		delete(c.balancers, id)
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"id": id}) // to a client that is gone
}

// Ask is a request of a client, and the ID in the answer. A code of 300 or more is no
// error.
func Ask(ctx context.Context, client *http.Client, method, path, purpose string) (id string, code int, err error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+Host+path, strings.NewReader(purpose))
	if err != nil {
		return "", 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	var answer struct{ ID string }
	if response.StatusCode < http.StatusMultipleChoices {
		err = json.NewDecoder(response.Body).Decode(&answer)
	}
	return answer.ID, response.StatusCode, err
}
