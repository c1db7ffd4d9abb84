// Package timetravel re-creates a flaw of Submariner's design: after
// reconnecting to an API server whose cache is older, an address just assigned
// is assigned again.
package timetravel

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Resource version 0 asks for whatever the API server at hand remembers.
	steps.ListPublished = func(ctx context.Context, c *upstream.Controller) ([]v1.GlobalIngressIP, error) {
		var list v1.GlobalIngressIPList
		err := c.API.List(ctx, &list, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: "0"}})

		return list.Items, err
	}

	return steps
}
